#include "av_support.h"

#include <cstdarg>
#include <cstdio>
#include <utility>

namespace maskbench {
namespace {

thread_local std::string first_error;

void KeepError(void*, int level, const char* format, va_list arguments) {
  if (level > AV_LOG_ERROR || !first_error.empty()) return;
  char text[256] = {};
  std::vsnprintf(text, sizeof(text), format, arguments);
  first_error = text;
  first_error.erase(first_error.find_last_not_of(" .!\r\n") + 1);
}

}  // namespace

std::string AvErrorText(int code) {
  char text[AV_ERROR_MAX_STRING_SIZE] = {};
  av_strerror(code, text, sizeof(text));
  return text;
}

void SilenceFfmpeg() {
  static const bool done = [] {
    av_log_set_callback(KeepError);
    return true;
  }();
  (void)done;
}

std::string TakeFfmpegError() { return std::exchange(first_error, ""); }

}  // namespace maskbench
