#pragma once

#include <filesystem>

#include "maskbench/core/json.h"
#include "maskbench/core/registry.h"
#include "maskbench/media/recording.h"
#include "maskbench/nn/network_library.h"

namespace maskbench {

/// One recording to be reconstructed.
struct ReconstructionJob {
  Recording recording;
  /// Face track of `recording.file`.
  std::filesystem::path track;
  /// The file to write; its folder exists and belongs to this job alone.
  std::filesystem::path output;
};

/// Makes of a recording what several masking methods start from, so that it is made once and not by
/// each of them. Which of them start from it, and with which options, they say themselves
/// (ComponentInfo::reconstruction). One instance per worker.
class Reconstructor {
 public:
  struct Context {
    const NetworkLibrary* networks = nullptr;
  };

  virtual ~Reconstructor() = default;
  /// Writes `job.output`. @return what else a reader should know. Throws DataError: the case is
  /// then recorded as failed with that reason, and whatever starts from it as blocked.
  virtual Json Reconstruct(const ReconstructionJob& job) = 0;
};

/// Adds every reconstructor of this layer.
void RegisterReconstructors(Registry<Reconstructor>* registry);

}  // namespace maskbench
