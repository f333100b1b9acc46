#pragma once

#include <functional>
#include <string>

namespace muspeaker::core {

/// Receives one message at a time, without a trailing newline; may be called from any thread.
using LogCallback = std::function<void(const std::string& message)>;

/// Sends the messages of ggml and of this library to `callback`; an empty one silences them, which
/// is how the library starts. Nothing is ever printed by the library itself.
void set_log_callback(LogCallback callback);

/// Routes ggml's own messages through the callback. Whoever is about to call ggml calls this first;
/// calls after the first do nothing.
void install_log();

}  // namespace muspeaker::core
