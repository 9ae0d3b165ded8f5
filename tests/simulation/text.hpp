// Messages, events and commands in a line each, for transcripts.
#pragma once

#include <string>

#include "core/messages.hpp"
#include "schedule/machine.hpp"
#include "schedule/worker_books.hpp"

namespace thresh::simulation {

std::string text_of(const Message& message);
std::string text_of(const schedule::Event& event);
std::string text_of(const schedule::Command& command);
std::string text_of(const schedule::WorkerEvent& event);
std::string text_of(const schedule::WorkerCommand& command);
// "12.345", seconds.
std::string text_of(schedule::Time time);

}  // namespace thresh::simulation
