#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "maskbench/nn/contract.h"
#include "maskbench/nn/network.h"

namespace maskbench {

/// Where the networks of a run come from: the imported ones, or TorchScript files that replace them
/// under the same contract. Safe to use from several threads; each loads modules of its own.
class NetworkLibrary {
 public:
  /// @param models_dir    folder that `maskbench models import` fills.
  /// @param replacements  network name → TorchScript file that keeps the name's contract.
  explicit NetworkLibrary(std::filesystem::path models_dir,
                          std::map<std::string, std::filesystem::path> replacements = {});

  /// Loads and warms up a network for batches of a fixed size. Throws DataError.
  std::unique_ptr<Network> Load(const std::string& name, int batch) const;

  /// SHA-256 of what a network computes: of tensors and program for an imported one, of the file
  /// for a replacement.
  std::string Fingerprint(const std::string& name) const;

  std::filesystem::path FileOf(const std::string& name) const;
  const std::filesystem::path& models_dir() const { return models_dir_; }
  bool IsReplaced(const std::string& name) const { return replacements_.count(name) > 0; }

 private:
  std::filesystem::path models_dir_;
  std::map<std::string, std::filesystem::path> replacements_;
  mutable std::mutex mutex_;
  mutable std::map<std::string, std::string> fingerprints_;
};

}  // namespace maskbench
