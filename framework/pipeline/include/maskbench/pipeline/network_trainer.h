#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "maskbench/core/option_table.h"
#include "maskbench/pipeline/dataset_maker.h"

namespace maskbench {

/// A network that the project trains itself.
class NetworkTrainer {
 public:
  struct Request {
    std::uint64_t seed = 1;
    int workers = 2;
    /// 1 is the full recipe; a smaller share of data and steps is for trying out.
    double effort = 1;
    Json options = Json::object();  ///< Of the network's own, see Options().
    std::filesystem::path folder;
  };
  /// @param phase  what is being done, e.g. "drawing crops".
  using Progress =
      std::function<void(const std::string& phase, int done, int total, const std::string& what)>;

  virtual ~NetworkTrainer() = default;
  virtual std::string Name() const = 0;
  virtual std::string Summary() const = 0;
  /// What a request's options may be.
  virtual std::vector<OptionDoc> Options() const { return {}; }
  /// Makes training data and trains into `request.folder`; called again it goes on, but with
  /// another request it throws. Returns the files to look at. Throws UsageError or DataError.
  virtual std::vector<std::filesystem::path> Train(const MakerPlaces& places,
                                                   const Request& request,
                                                   const Progress& progress) const = 0;
};

using NetworkTrainers = std::vector<std::unique_ptr<NetworkTrainer>>;

/// Throws UsageError that names the known ones.
const NetworkTrainer& FindNetworkTrainer(const NetworkTrainers& trainers, const std::string& name);

}  // namespace maskbench
