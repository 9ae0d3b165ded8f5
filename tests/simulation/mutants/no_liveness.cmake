# Nobody looks after silent workers.
set(FILE drive.cpp)
set(BEFORE [=[if (!machine.outcome() && port.now() >= job.pool.next_check()) look_after_workers(machine, job, port);]=])
set(AFTER [=[if (port.now() >= job.pool.next_check()) job.pool.check(port.now());]=])
