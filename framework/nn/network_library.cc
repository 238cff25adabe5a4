#include "maskbench/nn/network_library.h"

#include <utility>

#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/core/hash.h"
#include "maskbench/core/json.h"

namespace maskbench {

NetworkLibrary::NetworkLibrary(std::filesystem::path models_dir,
                               std::map<std::string, std::filesystem::path> replacements)
    : models_dir_(std::move(models_dir)), replacements_(std::move(replacements)) {}

std::filesystem::path NetworkLibrary::FileOf(const std::string& name) const {
  const auto found = replacements_.find(name);
  return found != replacements_.end() ? found->second : models_dir_ / (name + ".pt");
}

std::unique_ptr<Network> NetworkLibrary::Load(const std::string& name, int batch) const {
  const NetworkContract& contract = BuiltInNetwork(name).contract;
  const std::filesystem::path file = FileOf(name);
  if (!std::filesystem::exists(file)) {
    throw DataError(IsReplaced(name)
                        ? fmt::format("{}, which should replace the network {}, does not exist.",
                                      file.string(), name)
                        : fmt::format("the network {} has not been imported ({} is missing); run "
                                      "scripts/fetch_assets.sh and `maskbench models import`.",
                                      name, file.string()));
  }
  return Network::Load(file, contract, batch);
}

std::string NetworkLibrary::Fingerprint(const std::string& name) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::string& fingerprint = fingerprints_[name];
  if (!fingerprint.empty()) return fingerprint;
  if (IsReplaced(name)) {
    fingerprint = Sha256OfFile(FileOf(name));
  } else {
    const std::filesystem::path manifest = models_dir_ / (name + ".json");
    if (!std::filesystem::exists(manifest)) {
      throw DataError(
          fmt::format("the network {} has not been imported ({} is missing); run "
                      "scripts/fetch_assets.sh and `maskbench models import`.",
                      name, manifest.string()));
    }
    const Json json = ReadJsonFile(manifest);
    fingerprint = Sha256OfBytes(json.value("tensors_sha256", "") +
                                json.value("program_sha256", "") + json.value("file_sha256", ""));
  }
  return fingerprint;
}

}  // namespace maskbench
