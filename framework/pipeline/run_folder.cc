#include "maskbench/pipeline/run_folder.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include "maskbench/core/error.h"

namespace maskbench {
namespace fs = std::filesystem;

fs::path StoreFile(const fs::path& out) { return out / "observations.sqlite"; }

void WriteRunDescription(const RunDescription& run, const Components& components,
                         const fs::path& out) {
  WriteJsonFile(out / "run.json", {{"format", "maskbench-run"},
                                   {"format_version", 1},
                                   {"config", RunConfigOptions(components).ToJson(run.config)},
                                   {"environment", run.environment}});
  WriteJsonFile(out / "manifest.json", Dataset::Options().ToJson(run.dataset));
  WriteJsonFile(out / "plan.json", ToJson(run.plan));
}

RunDescription ReadRunDescription(const fs::path& out, const Components& components) {
  if (!fs::exists(out / "run.json")) {
    throw DataError(fmt::format("{} holds no run: run.json is missing.", out.string()));
  }
  const Json json = ReadJsonFile(out / "run.json");
  if (!json.is_object() || json.value("format", "") != "maskbench-run" ||
      !json.contains("config")) {
    throw DataError(fmt::format("{} describes no run.", (out / "run.json").string()));
  }
  RunDescription run;
  run.config = ParseRunConfig(json["config"], components, (out / "run.json").string());
  run.environment = json.value("environment", Json::object());
  run.dataset = ReadManifest(out / "manifest.json");
  run.plan = PlanFromJson(ReadJsonFile(out / "plan.json"));
  return run;
}

RunFolderLock::RunFolderLock(const fs::path& out) {
  std::error_code code;
  fs::create_directories(out, code);
  descriptor_ = ::open((out / ".lock").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0644);
  if (descriptor_ < 0) {
    throw UsageError(fmt::format("{} cannot be written: {}.", out.string(), std::strerror(errno)));
  }
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
    ::close(descriptor_);
    throw UsageError(fmt::format("another run is working in {}.", out.string()));
  }
}

RunFolderLock::~RunFolderLock() { ::close(descriptor_); }

}  // namespace maskbench
