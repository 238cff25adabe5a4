#include "maskbench/masking/mask_video.h"

#include <array>
#include <cmath>
#include <utility>

#include "maskbench/core/files.h"
#include "maskbench/masking/mask_renderer.h"

namespace maskbench {
namespace {
namespace fs = std::filesystem;

bool SameFace(const MaskHeader& a, const MaskHeader& b) {
  return a.model == b.model && a.policy == b.policy && a.identity == b.identity &&
         a.scale == b.scale && a.expressions == b.expressions;
}

}  // namespace

MaskVideo::MaskVideo(fs::path models_dir) : models_dir_(std::move(models_dir)) {}

MaskReport MaskVideo::Draw(const std::string& bytes, const std::string& origin,
                           const fs::path& output, const DeliveryOptions& delivery,
                           const AfterFrame& after_frame) {
  const MaskParameters parameters = ParseMaskParameters(bytes, origin);
  const MaskHeader& header = parameters.header;
  if (!face_ || !SameFace(header, shown_)) {
    face_ = std::make_unique<MaskFace>(header, models_dir_);
    shown_ = header;
  }
  MaskRenderer renderer(*face_, header);
  const std::unique_ptr<VideoWriter> writer =
      VideoWriter::Delivery(output, header.picture_px, header.rate, delivery);
  MaskReport report;
  std::int64_t held = 0;
  std::array<std::int64_t, 2> not_seen{}, lids_only{};
  cv::Mat bgr;
  for (const MaskFrame& frame : parameters.frames) {
    renderer.Draw(frame, &bgr);
    if (after_frame) after_frame(*face_, header, frame, &bgr);
    writer->Write(bgr);
    report.frames_blanked += frame.status == MaskStatus::kLost ? 1 : 0;
    held += frame.status == MaskStatus::kHeld ? 1 : 0;
    for (size_t s = 0; s < 2 && frame.status == MaskStatus::kSeen; ++s) {
      not_seen[s] += frame.eyes[s].status == MaskEyeStatus::kNotSeen ? 1 : 0;
      lids_only[s] += frame.eyes[s].status == MaskEyeStatus::kLidsOnly ? 1 : 0;
    }
  }
  report.frames = writer->Finish();
  const double minutes = static_cast<double>(parameters.frames.size()) / header.rate.hz() / 60;
  report.notes["parameter_bytes"] = bytes.size();
  report.notes["parameter_bytes_per_minute"] =
      std::llround(static_cast<double>(bytes.size()) / minutes);
  report.notes["frames_held"] = held;
  for (const Side side : kSides) {
    const size_t s = static_cast<size_t>(side);
    report.notes[ToString(side)] = {{"frames_not_seen", not_seen[s]},
                                    {"frames_with_lids_only", lids_only[s]},
                                    {"frames_with_lids_not_reached", renderer.unreached()[s]}};
  }
  return report;
}

void MaskVideo::Keep(const std::string& bytes, const std::string& where,
                     const std::string& anonymous_id) {
  if (where.empty()) return;
  const fs::path path = where;
  WriteFileAtomically(fs::is_directory(path) ? path / (anonymous_id + ".mask") : path, bytes);
}

}  // namespace maskbench
