# A worker lost while the parts are being moved starts a recovery.
set(FILE result_aggregator.cpp)
set(BEFORE [=[if (!publishing_) Phase::on_lost(worker);]=])
set(AFTER [=[Phase::on_lost(worker);]=])
