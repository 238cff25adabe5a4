#include "maskbench/masking/subprocess.h"

#include <chrono>
#include <csignal>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>
#include <unistd.h>

#include "maskbench/core/files.h"

#include "nn/expect_error.h"

namespace maskbench {
namespace {

SubprocessResult Shell(const std::string& script, double time_limit_s = 20) {
  return RunSubprocess({"sh", "-c", script}, {"PATH=/usr/bin:/bin"}, time_limit_s);
}

/// A process that nobody has reaped yet is a zombie: dead all the same.
bool IsAlive(const std::string& pid) {
  const std::filesystem::path file = "/proc/" + pid + "/stat";
  if (pid.empty() || !std::filesystem::exists(file)) return false;
  const std::string stat = ReadFile(file);
  return stat.substr(stat.rfind(')') + 2, 1) != "Z";
}

bool DiesSoon(const std::string& pid) {
  for (int i = 0; i < 100 && IsAlive(pid); ++i) usleep(20000);
  return !IsAlive(pid);
}

TEST(RunSubprocess, GivesTheExitStatus) {
  EXPECT_TRUE(Shell("exit 0").good());
  const SubprocessResult result = Shell("exit 7");
  EXPECT_EQ(result.exit_status, 7);
  EXPECT_EQ(result.signal, 0);
  EXPECT_FALSE(result.timed_out);
  EXPECT_FALSE(result.good());
}

TEST(RunSubprocess, GivesTheSignal) {
  const SubprocessResult result = Shell("kill -SEGV $$");
  EXPECT_EQ(result.signal, SIGSEGV);
  EXPECT_FALSE(result.timed_out);
  EXPECT_FALSE(result.good());
}

TEST(RunSubprocess, KeepsTheEndOfStandardError) {
  EXPECT_EQ(Shell("echo out; echo problem >&2").standard_error, "problem\n");
  const SubprocessResult result = Shell("head -c 10000 /dev/zero | tr '\\0' x >&2; echo end >&2");
  EXPECT_EQ(result.standard_error.size(), 4096u);
  EXPECT_EQ(result.standard_error.substr(4090), "xxend\n");
}

// A pipe that does not block would drop output, or end the program with an error of its own.
TEST(RunSubprocess, ProgramMayWriteMoreThanAPipeHolds) {
  const SubprocessResult result =
      Shell("head -c 3000000 /dev/zero | tr '\\0' x >&2 || exit 3; echo end >&2");
  EXPECT_EQ(result.exit_status, 0);
  EXPECT_EQ(result.standard_error.substr(0, 3), "xxx");
  EXPECT_EQ(result.standard_error.substr(4090), "xxend\n");
}

TEST(RunSubprocess, EndlessOutputDoesNotOutrunTheTimeLimit) {
  const SubprocessResult result = Shell("yes x >&2", 0.5);
  EXPECT_TRUE(result.timed_out);
}

TEST(RunSubprocess, ArgumentsAreNotSeenByAShell) {
  const SubprocessResult result = RunSubprocess(
      {"sh", "-c", "printf %s \"$1\" >&2", "sh", "a b; $(c) 'd' *"}, {"PATH=/usr/bin:/bin"}, 20);
  EXPECT_EQ(result.standard_error, "a b; $(c) 'd' *");
}

TEST(RunSubprocess, EnvironmentIsTheGivenOneAlone) {
  ::setenv("MASKBENCH_TEST_SECRET", "1", 1);
  const SubprocessResult result =
      RunSubprocess({"env", "sh", "-c", "env >&2"}, {"PATH=/usr/bin:/bin", "GIVEN=yes"}, 20);
  EXPECT_NE(result.standard_error.find("GIVEN=yes"), std::string::npos);
  EXPECT_EQ(result.standard_error.find("MASKBENCH_TEST_SECRET"), std::string::npos);
  ::unsetenv("MASKBENCH_TEST_SECRET");
}

TEST(RunSubprocess, StandardInputIsEmpty) { EXPECT_TRUE(Shell("test -z \"$(cat)\"", 5).good()); }

TEST(RunSubprocess, ProgramThatDoesNotExistIsNamed) {
  ExpectDataError([] { RunSubprocess({"/no/such/program"}, {}, 1); },
                  {"/no/such/program", "No such file"});
}

TEST(RunSubprocess, TimeLimitEndsTheWholeGroup) {
  const TemporaryFolder folder;
  const std::string pid_file = (folder.path() / "pid").string();
  const auto start = std::chrono::steady_clock::now();
  const SubprocessResult result = Shell("sleep 300 & echo $! > " + pid_file + "; wait", 0.5);
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  EXPECT_TRUE(result.timed_out);
  EXPECT_FALSE(result.good());
  EXPECT_GE(elapsed.count(), 0.5);
  EXPECT_LT(elapsed.count(), 5);
  const std::string pid = ReadFile(pid_file);
  EXPECT_TRUE(DiesSoon(pid.substr(0, pid.find('\n')))) << "the child in the background lives on";
}

TEST(RunSubprocess, ProgramThatIgnoresRequestsToEndIsKilled) {
  EXPECT_TRUE(Shell("trap '' TERM INT HUP; while true; do sleep 1; done", 0.3).timed_out);
}

TEST(RunSubprocess, WhatAProgramLeavesBehindIsEnded) {
  const TemporaryFolder folder;
  const std::string pid_file = (folder.path() / "pid").string();
  const auto start = std::chrono::steady_clock::now();
  const SubprocessResult result = Shell("sleep 300 & echo $! > " + pid_file);
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  EXPECT_TRUE(result.good());
  EXPECT_LT(elapsed.count(), 5);
  const std::string pid = ReadFile(pid_file);
  EXPECT_TRUE(DiesSoon(pid.substr(0, pid.find('\n'))));
}

}  // namespace
}  // namespace maskbench
