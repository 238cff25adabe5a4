#include "contact_sheet.h"

#include <algorithm>
#include <string>
#include <vector>

#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "maskbench/core/error.h"
#include "maskbench/media/frame_source.h"
#include "maskbench/pipeline/plan.h"

#include "case_files.h"

namespace maskbench {
namespace {

constexpr int kTile = 168, kLabelWidth = 190, kHeader = 26, kGap = 4;

const cv::Scalar kPaper(250, 250, 250), kInk(40, 40, 40), kAlert(60, 60, 190),
    kEmpty(225, 225, 225);

void Label(cv::Mat* sheet, const std::string& text, cv::Point at, const cv::Scalar& colour) {
  cv::putText(*sheet, text, at, cv::FONT_HERSHEY_SIMPLEX, 0.42, colour, 1, cv::LINE_AA);
}

/// The frame in the middle of a video, letterboxed into a tile.
cv::Mat MiddleTile(const std::filesystem::path& file) {
  const std::unique_ptr<FrameSource> frames = OpenFrames(file);
  Frame frame;
  for (int64_t i = 0; i < frames->info().frame_count / 2; ++i) frames->Skip();
  frames->Next(&frame);
  cv::Mat tile(kTile, kTile, CV_8UC3, kEmpty);
  FitFrame(frame.bgr, tile);
  return tile;
}

}  // namespace

bool WriteContactSheet(const RunData& data, const Disclosure& disclosure,
                       const std::filesystem::path& out, const std::filesystem::path& picture) {
  const std::vector<std::string> recordings = PicturedRecordings(data.recordings(), data.dataset());
  std::vector<std::string> variants;
  for (const ComponentChoice& variant : data.config().variants) {
    if (variant.type == "null" || (IsUnmasked(variant.type) && !data.dataset().show_originals))
      continue;
    variants.push_back(variant.name);
  }
  if (variants.empty() || recordings.empty()) return false;
  const auto columns = static_cast<int>(recordings.size()),
             rows = static_cast<int>(variants.size());
  cv::Mat sheet(kHeader + rows * (kTile + kGap), kLabelWidth + columns * (kTile + kGap), CV_8UC3,
                kPaper);
  for (int c = 0; c < columns; ++c) {
    Label(&sheet, disclosure.Label(recordings[c]), {kLabelWidth + c * (kTile + kGap), kHeader - 9},
          kInk);
  }
  for (int r = 0; r < rows; ++r) {
    const int y = kHeader + r * (kTile + kGap);
    Label(&sheet, variants[r], {8, y + kTile / 2}, kInk);
    for (int c = 0; c < columns; ++c) {
      cv::Mat place = sheet(cv::Rect(kLabelWidth + c * (kTile + kGap), y, kTile, kTile));
      place.setTo(kEmpty);
      for (const Node& node : data.nodes()) {
        if (node.stage != Stage::kMask || node.recording != recordings[c] ||
            node.variant != variants[r]) {
          continue;
        }
        const NodeOutcome* outcome = data.OutcomeOf(node);
        const bool done = outcome != nullptr && outcome->status == NodeStatus::kDone;
        try {
          if (done) MiddleTile(out / outcome->artefact).copyTo(place);
        } catch (const Error&) {
          Label(&place, "unreadable", {8, kTile / 2}, kAlert);
          continue;
        }
        if (!done)
          Label(&place, outcome == nullptr ? "not done" : "failed", {8, kTile / 2}, kAlert);
      }
    }
  }
  return cv::imwrite(picture.string(), sheet);
}

}  // namespace maskbench
