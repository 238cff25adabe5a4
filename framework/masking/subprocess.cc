#include "maskbench/masking/subprocess.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "maskbench/core/error.h"

namespace maskbench {
namespace {

constexpr size_t kKeptErrorBytes = 4096;

std::vector<char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

void AppendTail(const char* data, size_t size, std::string* tail) {
  tail->append(data, size);
  if (tail->size() > kKeptErrorBytes) tail->erase(0, tail->size() - kKeptErrorBytes);
}

}  // namespace

SubprocessResult RunSubprocess(const std::vector<std::string>& arguments,
                               const std::vector<std::string>& environment, double time_limit_s) {
  int error_pipe[2];
  if (::pipe2(error_pipe, O_CLOEXEC) != 0) {
    throw DataError(fmt::format("no pipe for \"{}\": {}.", arguments[0], std::strerror(errno)));
  }
  ::fcntl(error_pipe[0], F_SETFL, O_NONBLOCK);  // Our end alone: the program's must wait for us.
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, error_pipe[1], STDERR_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  posix_spawnattr_setpgroup(&attributes, 0);
  pid_t child = 0;
  const int spawned = ::posix_spawnp(&child, arguments[0].c_str(), &actions, &attributes,
                                     Pointers(arguments).data(), Pointers(environment).data());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  ::close(error_pipe[1]);
  if (spawned != 0) {
    ::close(error_pipe[0]);
    throw DataError(
        fmt::format("\"{}\" cannot be started: {}.", arguments[0], std::strerror(spawned)));
  }

  SubprocessResult result;
  const auto start = std::chrono::steady_clock::now();
  const auto drain = [&] {
    char buffer[4096];
    for (int i = 0; i < 256;
         ++i) {  // Bounded: a program that never stops writing has a time limit.
      const ssize_t count = ::read(error_pipe[0], buffer, sizeof(buffer));
      if (count <= 0) return;
      AppendTail(buffer, static_cast<size_t>(count), &result.standard_error);
    }
  };
  int status = 0;
  for (;;) {
    drain();
    const pid_t ended = ::waitpid(child, &status, WNOHANG);
    if (ended == child) break;
    if (ended < 0 && errno != EINTR) {
      const int error = errno;
      ::kill(-child, SIGKILL);
      ::close(error_pipe[0]);
      throw DataError(fmt::format("the end of \"{}\" cannot be awaited: {}.", arguments[0],
                                  std::strerror(error)));
    }
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    if (!result.timed_out && elapsed.count() > time_limit_s) {
      result.timed_out = true;
      ::kill(-child, SIGKILL);
    }
    pollfd waiting = {error_pipe[0], POLLIN, 0};
    ::poll(&waiting, 1, 20);
    if ((waiting.revents & POLLHUP) != 0) ::usleep(5000);  // Its end is near; do not spin.
  }
  ::kill(-child, SIGKILL);  // Whatever it left behind in its group.
  drain();
  ::close(error_pipe[0]);
  if (WIFSIGNALED(status)) {
    result.signal = WTERMSIG(status);
  } else {
    result.exit_status = WEXITSTATUS(status);
  }
  return result;
}

}  // namespace maskbench
