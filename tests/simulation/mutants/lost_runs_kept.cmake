# The runs of a lost worker stay in the cover.
set(FILE roll_call.cpp)
set(BEFORE [=[job_.cover = choose_cover(std::move(offered_));]=])
set(AFTER [=[for (CoveredRun& item : job_.cover) offered_.push_back(item);
  job_.cover = choose_cover(std::move(offered_));]=])
