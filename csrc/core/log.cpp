#include "core/log.h"

#include <ggml.h>

#include <mutex>
#include <utility>

namespace muspeaker::core {
namespace {

std::mutex& log_mutex() {
  static std::mutex mutex;
  return mutex;
}

LogCallback& log_callback() {
  static LogCallback callback;
  return callback;
}

void forward_message(ggml_log_level /*level*/, const char* text, void* /*user_data*/) {
  const std::lock_guard<std::mutex> lock(log_mutex());
  if (!log_callback()) {
    return;
  }
  std::string message(text);
  while (!message.empty() && message.back() == '\n') {
    message.pop_back();
  }
  log_callback()(message);
}

}  // namespace

void set_log_callback(LogCallback callback) {
  install_log();
  const std::lock_guard<std::mutex> lock(log_mutex());
  log_callback() = std::move(callback);
}

void install_log() {
  static std::once_flag once;
  std::call_once(once, [] { ggml_log_set(forward_message, nullptr); });
}

}  // namespace muspeaker::core
