#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "maskbench/reconstruct/face_fit.h"

namespace maskbench {

/// Keeps the frames of a recording that tell most about who is seen: spread over directions of the
/// head, calm and with the mouth shut where there is a choice, and far from each other in time.
/// Holds a fixed number of frames.
class FacePool {
 public:
  explicit FacePool(size_t capacity) : capacity_(capacity) {}

  /// @param unrest_mm  how far mouth and lids are from rest. @param time  rises from call to call.
  void Add(const MeshFrame& frame, double yaw_deg, double pitch_deg, double unrest_mm,
           std::int64_t time);
  /// Up to `count` frames, in order of time.
  std::vector<const MeshFrame*> Best(size_t count) const;
  size_t size() const { return size_; }
  /// Visits all frames.
  template <class Visit>
  void ForEach(const Visit& visit) {
    for (auto& [bin, candidates] : bins_)
      for (Candidate& candidate : candidates) visit(&candidate.frame);
  }
  void Clear();

 private:
  struct Candidate {
    MeshFrame frame;
    int unrest;
    std::int64_t time;
  };

  size_t capacity_, size_ = 0;
  std::map<std::pair<int, int>, std::vector<Candidate>> bins_;
};

}  // namespace maskbench
