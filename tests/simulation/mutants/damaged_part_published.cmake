# A part that was found damaged is published.
set(FILE result_aggregator.cpp)
set(BEFORE [=[if (!checked->good) return fail(damaged(*checked));]=])
set(AFTER [=[]=])
