#pragma once

#include <algorithm>
#include <cstdint>
#include <future>
#include <optional>
#include <utility>

namespace maskbench {

/// When something that is learned from a stream is learned again: at a first count of frames, then
/// after intervals that grow up to a longest one.
class GrowingSchedule {
 public:
  GrowingSchedule(std::int64_t first, double growth, std::int64_t longest)
      : next_(std::max<std::int64_t>(1, first)), growth_(growth), longest_(longest) {}

  /// @param count  frames so far. True once for each point of the schedule that was reached.
  bool Due(std::int64_t count) {
    if (count < next_) return false;
    const auto grown = static_cast<std::int64_t>(static_cast<double>(next_) * growth_);
    next_ = std::max(count + 1, std::min(grown, next_ + longest_));
    return true;
  }

 private:
  std::int64_t next_;
  double growth_;
  std::int64_t longest_;
};

/// Something worked out beside a stream of frames and taken over at a frame that is fixed
/// beforehand, so that results do not depend on how fast a machine is.
template <class Result>
class TakenOverLater {
 public:
  /// @param work  owns all that it reads. @param frame  at which Take gives its result; with `now`
  /// it is worked out at once.
  template <class Work>
  void Start(std::int64_t frame, bool now, Work work) {
    frame_ = frame;
    result_ = std::async(now ? std::launch::deferred : std::launch::async, std::move(work));
  }
  bool under_way() const { return result_.valid(); }
  /// The result from its frame on, once; waits for it where it is late. Throws what `work` threw.
  std::optional<Result> Take(std::int64_t frame) {
    if (!result_.valid() || frame < frame_) return std::nullopt;
    return result_.get();
  }

 private:
  std::int64_t frame_ = 0;
  std::future<Result> result_;
};

}  // namespace maskbench
