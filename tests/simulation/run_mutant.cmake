# Builds the simulation with one edit to one file of src/schedule, and runs it. The mutant says:
#   FILE      the file to edit
#   BEFORE    text that occurs in it exactly once
#   AFTER     what to put there
#   SURVIVES  set for the control alone
# Only that file is compiled; the rest is linked from the build.
include(${MUTANT})

file(READ ${SOURCE}/src/schedule/${FILE} text)
string(FIND "${text}" "${BEFORE}" first)
string(FIND "${text}" "${BEFORE}" last REVERSE)
if(first EQUAL -1 OR NOT first EQUAL last)
  message(FATAL_ERROR "the text to change must occur exactly once in ${FILE}:\n${BEFORE}")
endif()
string(REPLACE "${BEFORE}" "${AFTER}" text "${text}")
file(WRITE ${WORK}/${FILE} "${text}")

separate_arguments(flags UNIX_COMMAND "${FLAGS}")
execute_process(COMMAND ${LAUNCHER} ${CXX} ${flags} -I${SOURCE}/include -I${SOURCE}/src -c ${WORK}/${FILE} -o ${WORK}/mutant.o
  COMMAND_ERROR_IS_FATAL ANY)
# The mutated object comes first, so the archive's own is not taken.
execute_process(COMMAND ${CXX} ${flags} ${WORK}/mutant.o ${MAIN} ${MODEL} ${SCHEDULE} -o ${WORK}/simulation
  COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${WORK}/simulation --runs 5000 RESULT_VARIABLE result OUTPUT_VARIABLE said ERROR_VARIABLE said)
message("${said}")
if(SURVIVES)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "the control fails: ${result}")
  endif()
elseif(NOT said MATCHES "seed [0-9]+: ")
  message(FATAL_ERROR "the mutant survives, or ends in another way than by breaking a rule: ${result}")
endif()
