#include "maskbench/masking/mask_video.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "maskbench/core/files.h"

namespace maskbench {
namespace {
namespace fs = std::filesystem;

bool SameFace(const MaskHeader& a, const MaskHeader& b) {
  return a.model == b.model && a.policy == b.policy && a.identity == b.identity &&
         a.scale == b.scale && a.expressions == b.expressions;
}

}  // namespace

MaskVideoStream::MaskVideoStream(const MaskHeader& header, std::shared_ptr<const MaskFace>* face,
                                 MaskHeader* shown, fs::path models_dir, const fs::path& output,
                                 const DeliveryOptions& delivery, AfterFrame after_frame)
    : header_(header),
      face_(face),
      shown_(shown),
      models_dir_(std::move(models_dir)),
      after_frame_(std::move(after_frame)),
      writer_(VideoWriter::Delivery(output, header.picture_px, header.rate, delivery)),
      frame_writer_(header),
      frame_reader_(header, "a stream of mask parameters", 0) {}

void MaskVideoStream::Settle(const MaskHeader& header) {
  header_ = RoundedMaskHeader(header);
  renderer_.emplace(Face(), header_);
}

const MaskFace& MaskVideoStream::Face() {
  if (!*face_ || !SameFace(header_, *shown_)) {
    *face_ = std::make_shared<MaskFace>(header_, models_dir_);
    *shown_ = header_;
  }
  return **face_;
}

void MaskVideoStream::Draw(const MaskFrame& given, bool deliver) {
  frame_bytes_.clear();
  frame_writer_.Put(given, &frame_bytes_);
  payload_ += frame_bytes_;
  size_t at = 0;
  const MaskFrame frame = frame_reader_.Take(frame_bytes_, &at);
  ++frames_;
  if (!deliver) return;
  if (renderer_) {
    renderer_->Draw(frame, &bgr_);
  } else {
    DrawBlankMask(header_.picture_px, frame.status, &bgr_);
  }
  if (after_frame_) after_frame_(Face(), header_, frame, &bgr_);
  writer_->Write(bgr_);
  report_.frames_blanked += frame.opacity == 0 || frame.status == MaskStatus::kLost ? 1 : 0;
  held_ += frame.status == MaskStatus::kHeld ? 1 : 0;
  starting_ += frame.status == MaskStatus::kStarting ? 1 : 0;
  if (frame.status != MaskStatus::kSeen && frame.status != MaskStatus::kStarting) return;
  for (size_t s = 0; s < 2; ++s) {
    not_seen_[s] += frame.eyes[s].status == MaskEyeStatus::kNotSeen ? 1 : 0;
    lids_only_[s] += frame.eyes[s].status == MaskEyeStatus::kLidsOnly ? 1 : 0;
  }
}

MaskReport MaskVideoStream::Finish(std::string* file) {
  report_.frames = writer_->Finish();
  *file = MaskParametersFile(header_, static_cast<size_t>(frames_), payload_);
  const double minutes = static_cast<double>(frames_) / header_.rate.hz() / 60;
  report_.notes["parameter_bytes"] = file->size();
  report_.notes["parameter_bytes_per_minute"] =
      std::llround(static_cast<double>(file->size()) / minutes);
  report_.notes["frames_held"] = held_;
  if (header_.mode == MaskMode::kCausal) {
    report_.notes["frames_before_calibration"] = starting_;
    report_.notes["latency_frames"] = header_.latency_frames;
    report_.notes["latency_s"] = std::round(1e4 * header_.latency_frames / header_.rate.hz()) / 1e4;
  }
  for (const Side side : kSides) {
    const size_t s = static_cast<size_t>(side);
    const std::int64_t unreached = renderer_ ? renderer_->unreached()[s] : 0;
    report_.notes[ToString(side)] = {{"frames_not_seen", not_seen_[s]},
                                     {"frames_with_lids_only", lids_only_[s]},
                                     {"frames_with_lids_not_reached", unreached}};
  }
  return report_;
}

MaskVideo::MaskVideo(fs::path models_dir) : models_dir_(std::move(models_dir)) {}

MaskVideoStream MaskVideo::Begin(const MaskHeader& header, const fs::path& output,
                                 const DeliveryOptions& delivery, const AfterFrame& after_frame) {
  return {header, &face_, &shown_, models_dir_, output, delivery, after_frame};
}

MaskReport MaskVideo::Draw(const std::string& bytes, const std::string& origin,
                           const fs::path& output, const DeliveryOptions& delivery,
                           const AfterFrame& after_frame, const std::vector<std::int64_t>& frames) {
  const MaskParameters parameters = ParseMaskParameters(bytes, origin);
  // What is missing is missed before there is a file.
  const MaskHeader header = RoundedMaskHeader(parameters.header);
  if (!face_ || !SameFace(header, shown_)) {
    face_ = std::make_shared<MaskFace>(header, models_dir_);
    shown_ = header;
  }
  MaskVideoStream stream = Begin(parameters.header, output, delivery, after_frame);
  stream.Settle(parameters.header);
  const auto count = static_cast<std::int64_t>(parameters.frames.size());
  for (std::int64_t i = 0; i < count; ++i) {
    stream.Draw(parameters.frames[static_cast<size_t>(i)],
                frames.empty() || std::binary_search(frames.begin(), frames.end(), i));
  }
  std::string again;
  return stream.Finish(&again);
}

void MaskVideo::Keep(const std::string& bytes, const std::string& where,
                     const std::string& anonymous_id) {
  if (where.empty()) return;
  const fs::path path = where;
  WriteFileAtomically(fs::is_directory(path) ? path / (anonymous_id + ".mask") : path, bytes);
}

}  // namespace maskbench
