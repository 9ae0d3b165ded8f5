# Mapping a split again may give something else.
set(FILE cover.cpp)
set(BEFORE [=[if (*known == signature) return std::nullopt;]=])
set(AFTER [=[return std::nullopt;]=])
