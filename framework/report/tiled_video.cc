#include "tiled_video.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include <fmt/format.h>
#include <opencv2/imgproc.hpp>

#include "maskbench/core/error.h"
#include "maskbench/media/frame_source.h"
#include "maskbench/media/video_writer.h"

namespace maskbench {
namespace {

constexpr int kBlock = 16, kLeastGap = 8, kCrf = 21;
constexpr double kKeyFramesS = 0.5;
const cv::Scalar kGround(128, 128, 128);

int ToBlocks(int length) { return (length + kBlock - 1) / kBlock * kBlock; }

cv::Size Scaled(cv::Size size, int long_side_px) {
  const double scale =
      std::min(1.0, static_cast<double>(long_side_px) / std::max(size.width, size.height));
  const auto even = [&](int length) { return std::max(2, cvRound(length * scale / 2) * 2); };
  return {even(size.width), even(size.height)};
}

}  // namespace

TileLayout LayTiles(const std::vector<cv::Size>& sizes, int long_side_px) {
  TileLayout layout;
  cv::Size cell;
  for (const cv::Size& size : sizes) {
    const cv::Size tile = Scaled(size, long_side_px);
    cell.width = std::max(cell.width, ToBlocks(tile.width + kLeastGap));
    cell.height = std::max(cell.height, ToBlocks(tile.height + kLeastGap));
  }
  const int count = static_cast<int>(sizes.size());
  const int columns = static_cast<int>(std::ceil(std::sqrt(count)));
  for (int i = 0; i < count; ++i) {
    layout.tiles.emplace_back(cv::Point(i % columns * cell.width, i / columns * cell.height),
                              Scaled(sizes[static_cast<size_t>(i)], long_side_px));
  }
  if (count > 0)
    layout.size = {columns * cell.width, (count + columns - 1) / columns * cell.height};
  return layout;
}

TiledVideo WriteTiledVideo(const std::vector<std::filesystem::path>& videos, int long_side_px,
                           const std::filesystem::path& file) {
  if (videos.empty()) throw DataError(file.string() + " would have no video in it.");
  std::vector<std::unique_ptr<FrameSource>> sources;
  std::vector<cv::Size> sizes;
  for (const std::filesystem::path& video : videos) {
    sources.push_back(OpenFrames(video));
    const MediaInfo& info = sources.back()->info();
    sizes.emplace_back(info.width_px, info.height_px);
    const double first_hz = sources.front()->info().rate.hz();
    if (std::abs(info.rate.hz() / first_hz - 1) > 1e-3) {
      throw DataError(fmt::format("{} has {:.3f} frames per second, {} has {:.3f}.", video.string(),
                                  info.rate.hz(), videos.front().string(), first_hz));
    }
  }
  TiledVideo made;
  made.layout = LayTiles(sizes, long_side_px);
  const FrameRate rate = sources.front()->info().rate;
  made.rate_hz = rate.hz();
  DeliveryOptions delivery;
  delivery.crf = kCrf;
  delivery.key_frame_every = std::max(1, cvRound(kKeyFramesS * rate.hz()));
  const std::unique_ptr<VideoWriter> writer =
      VideoWriter::Delivery(file, made.layout.size, rate, delivery);
  cv::Mat sheet(made.layout.size, CV_8UC3, kGround), small;
  Frame frame;
  for (;;) {
    bool any = false;
    for (size_t i = 0; i < sources.size(); ++i) {
      cv::Mat tile = sheet(made.layout.tiles[i]);
      if (!sources[i]->Next(&frame)) {
        tile.setTo(kGround);
        continue;
      }
      any = true;
      cv::resize(frame.bgr, small, tile.size(), 0, 0, cv::INTER_AREA);
      small.copyTo(tile);
    }
    if (!any) break;
    writer->Write(sheet);
  }
  made.frames = writer->Finish();
  return made;
}

}  // namespace maskbench
