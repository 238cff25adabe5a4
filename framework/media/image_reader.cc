#include <algorithm>
#include <cctype>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <opencv2/imgcodecs.hpp>

#include "maskbench/core/error.h"

#include "video_reader.h"

namespace maskbench {
namespace {

class ImageReader : public FrameSource {
 public:
  ImageReader(std::vector<std::filesystem::path> files, double rate_hz) : files_(std::move(files)) {
    const cv::Mat first = Read(0);
    info_.width_px = first.cols;
    info_.height_px = first.rows;
    info_.rate = {static_cast<int>(std::lround(rate_hz * 1000)), 1000};
    info_.frame_count = static_cast<int64_t>(files_.size());
    info_.codec = "image";
  }

  const MediaInfo& info() const override { return info_; }

  bool Next(Frame* frame) override {
    if (index_ == info_.frame_count) return false;
    frame->bgr = Read(index_);
    if (frame->bgr.cols != info_.width_px || frame->bgr.rows != info_.height_px) {
      throw DataError(fmt::format("{} is {}×{} px; the folder's first image is {}×{} px.",
                                  files_[index_].string(), frame->bgr.cols, frame->bgr.rows,
                                  info_.width_px, info_.height_px));
    }
    frame->index = index_;
    frame->time_s = static_cast<double>(index_) / info_.rate.hz();
    ++index_;
    return true;
  }

  bool Skip() override { return index_ < info_.frame_count && ++index_ > 0; }

 private:
  cv::Mat Read(size_t index) const {
    cv::Mat bgr = cv::imread(files_[index].string(), cv::IMREAD_COLOR);  // Honours EXIF rotation.
    if (bgr.empty()) {
      throw DataError(fmt::format("{} is not an image that can be read.", files_[index].string()));
    }
    return bgr;
  }

  std::vector<std::filesystem::path> files_;
  MediaInfo info_;
  int64_t index_ = 0;
};

/// Reads a part of another source.
class CutReader : public FrameSource {
 public:
  CutReader(std::unique_ptr<FrameSource> source, const std::filesystem::path& file,
            const ReadOptions& options)
      : source_(std::move(source)), first_(options.first_frame), info_(source_->info()) {
    const int64_t available = info_.frame_count - first_;
    info_.frame_count = options.frame_count.value_or(available);
    if (first_ < 0 || info_.frame_count < 1 || info_.frame_count > available) {
      throw DataError(fmt::format("{} has {} frames; frames {} to {} were asked for.",
                                  file.string(), source_->info().frame_count, first_,
                                  first_ + info_.frame_count - 1));
    }
  }

  const MediaInfo& info() const override { return info_; }

  bool Next(Frame* frame) override {
    if (index_ == info_.frame_count) return false;
    SkipToStart();
    if (!source_->Next(frame)) return false;
    frame->index = index_;
    frame->time_s = static_cast<double>(index_) / info_.rate.hz();
    ++index_;
    return true;
  }

  bool Skip() override {
    SkipToStart();
    if (index_ == info_.frame_count || !source_->Skip()) return false;
    ++index_;
    return true;
  }

 private:
  void SkipToStart() {
    for (; skipped_ < first_; ++skipped_) source_->Skip();
  }

  std::unique_ptr<FrameSource> source_;
  int64_t first_;
  MediaInfo info_;
  int64_t skipped_ = 0;
  int64_t index_ = 0;
};

bool IsImage(const std::filesystem::path& path) {
  static const std::set<std::string> kExtensions = {".jpg",  ".jpeg", ".png", ".bmp", ".tif",
                                                    ".tiff", ".webp", ".pgm", ".ppm"};
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return kExtensions.count(extension) > 0;
}

std::unique_ptr<FrameSource> OpenWhole(const std::filesystem::path& path,
                                       const ReadOptions& options) {
  if (!std::filesystem::exists(path)) {
    throw DataError(fmt::format("{} does not exist.", path.string()));
  }
  if (std::filesystem::is_directory(path) || IsImage(path)) {
    return OpenImages(path, options.image_rate_hz);
  }
  if (std::filesystem::file_size(path) == 0) {
    throw DataError(fmt::format("{} is empty.", path.string()));
  }
  return OpenVideo(path);
}

}  // namespace

std::unique_ptr<FrameSource> OpenImages(const std::filesystem::path& path, double rate_hz) {
  std::vector<std::filesystem::path> files;
  if (std::filesystem::is_directory(path)) {
    for (const auto& entry : std::filesystem::directory_iterator(path)) {
      if (entry.is_regular_file() && IsImage(entry.path())) files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    if (files.empty()) throw DataError(fmt::format("{} holds no image.", path.string()));
  } else {
    files.push_back(path);
  }
  return std::make_unique<ImageReader>(std::move(files), rate_hz);
}

std::unique_ptr<FrameSource> OpenFrames(const std::filesystem::path& path,
                                        const ReadOptions& options) {
  std::unique_ptr<FrameSource> source = OpenWhole(path, options);
  if (options.first_frame == 0 && !options.frame_count) return source;
  return std::make_unique<CutReader>(std::move(source), path, options);
}

MediaInfo ProbeMedia(const std::filesystem::path& path, const ReadOptions& options) {
  return OpenFrames(path, options)->info();
}

}  // namespace maskbench
