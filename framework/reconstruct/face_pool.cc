#include "face_pool.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace maskbench {
namespace {

constexpr double kBinDeg = 5, kUnrestStepMm = 1.5, kUnrestMostMm = 60;

}  // namespace

void FacePool::Add(const MeshFrame& frame, double yaw_deg, double pitch_deg, double unrest_mm,
                   std::int64_t time) {
  // Rounded to the nearest, so that a mirrored recording fills mirrored bins.
  const auto bin = std::make_pair(static_cast<int>(std::lround(yaw_deg / kBinDeg)),
                                  static_cast<int>(std::lround(pitch_deg / kBinDeg)));
  bins_[bin].push_back(
      {frame, static_cast<int>(std::min(unrest_mm, kUnrestMostMm) / kUnrestStepMm), time});
  if (++size_ <= capacity_) return;
  // From the fullest bin goes the least calm frame; among equals the one with the nearest neighbour
  // in time.
  std::vector<Candidate>* fullest = nullptr;
  for (auto& [key, candidates] : bins_)
    if (fullest == nullptr || candidates.size() > fullest->size()) fullest = &candidates;
  size_t worst = 0;
  std::int64_t worst_gap = 0;
  for (size_t i = 0; i < fullest->size(); ++i) {
    const Candidate& candidate = (*fullest)[i];
    std::int64_t gap = std::numeric_limits<std::int64_t>::max();
    if (i > 0) gap = candidate.time - (*fullest)[i - 1].time;
    if (i + 1 < fullest->size()) gap = std::min(gap, (*fullest)[i + 1].time - candidate.time);
    const int unrest = candidate.unrest, most = (*fullest)[worst].unrest;
    if (i == 0 || unrest > most || (unrest == most && gap < worst_gap)) {
      worst = i;
      worst_gap = gap;
    }
  }
  fullest->erase(fullest->begin() + static_cast<std::ptrdiff_t>(worst));
  --size_;
}

std::vector<const MeshFrame*> FacePool::Best(size_t count) const {
  struct Queue {
    std::vector<const Candidate*> left, taken;
  };
  std::vector<Queue> queues;
  for (const auto& [key, candidates] : bins_) {
    queues.emplace_back();
    for (const Candidate& candidate : candidates) queues.back().left.push_back(&candidate);
  }
  std::vector<const Candidate*> chosen;
  bool more = true;
  while (more && chosen.size() < count) {
    more = false;
    for (Queue& queue : queues) {
      if (queue.left.empty() || chosen.size() == count) continue;
      size_t best = 0;
      std::int64_t best_gap = -1;
      for (size_t i = 0; i < queue.left.size(); ++i) {
        std::int64_t gap = std::numeric_limits<std::int64_t>::max();
        for (const Candidate* other : queue.taken)
          gap = std::min(gap, std::abs(queue.left[i]->time - other->time));
        const int unrest = queue.left[i]->unrest, least = queue.left[best]->unrest;
        if (best_gap < 0 || unrest < least || (unrest == least && gap > best_gap)) {
          best = i;
          best_gap = gap;
        }
      }
      queue.taken.push_back(queue.left[best]);
      chosen.push_back(queue.left[best]);
      queue.left.erase(queue.left.begin() + static_cast<std::ptrdiff_t>(best));
      more = true;
    }
  }
  std::sort(chosen.begin(), chosen.end(),
            [](const Candidate* a, const Candidate* b) { return a->time < b->time; });
  std::vector<const MeshFrame*> frames;
  for (const Candidate* candidate : chosen) frames.push_back(&candidate->frame);
  return frames;
}

void FacePool::Clear() {
  bins_.clear();
  size_ = 0;
}

}  // namespace maskbench
