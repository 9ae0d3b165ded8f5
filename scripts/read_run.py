#!/usr/bin/env python3
"""Prints what is in a run file: read_run.py FILE. The format is in docs/format.md; needs h5py.

Of each run the splits it covers, and of each of its partitions the rows as KEY TAB VALUE. Keys are text with
backslash escapes; values of 8 bytes are numbers, others hexadecimal.
"""
import sys

import h5py

with h5py.File(sys.argv[1], "r") as file:
    size = int(file.attrs["value_size"])
    for number in range(file.attrs["runs"]):
        run = file[f"run{number}"]
        print("run {generation}.{worker}.{sequence}: splits".format(**run.attrs), *run["split"][:])
        keys, key_ends = run["keys"], run["key_offsets"][:]
        values, value_ends = run["values"], run["value_offsets"][:] if size == 0 else range(0, sys.maxsize, size)
        row = 0
        for partition, rows in enumerate(run["slice_rows"][:].tolist()):
            print(f"partition {partition}: {rows} rows")
            for row in range(row, row + rows):
                key = keys[key_ends[row]:key_ends[row + 1]].tobytes().decode("latin-1").encode("unicode_escape").decode()
                value = values[value_ends[row]:value_ends[row + 1]].tobytes()
                print(key, int.from_bytes(value, "little") if size == 8 else value.hex(), sep="\t")
            row += rows > 0
