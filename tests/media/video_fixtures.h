#pragma once

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include <opencv2/core.hpp>

#include "maskbench/media/frame_source.h"
#include "maskbench/media/video_writer.h"

namespace maskbench {

/// Runs the ffmpeg program, with which tests make what the writer would not.
inline void Ffmpeg(const std::string& arguments) {
  const std::string command = "ffmpeg -nostdin -v error -y " + arguments;
  const int status = std::system(command.c_str());
  if (status != 0) {
    throw std::runtime_error("\"" + command + "\" ended with status " + std::to_string(status) +
                             "; these tests need the ffmpeg program (apt package ffmpeg).");
  }
}

inline cv::Mat Noise(cv::Size size, int seed, int low = 0, int high = 256) {
  cv::Mat bgr(size, CV_8UC3);
  cv::RNG random(seed);
  random.fill(bgr, cv::RNG::UNIFORM, low, high);
  return bgr;
}

/// Colours that change slowly over the picture and over time.
inline cv::Mat Smooth(cv::Size size, int time) {
  cv::Mat bgr(size, CV_8UC3);
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      bgr.at<cv::Vec3b>(y, x) = {cv::saturate_cast<uchar>(40 + 150 * x / size.width),
                                 cv::saturate_cast<uchar>(60 + 120 * y / size.height),
                                 cv::saturate_cast<uchar>(100 + 2 * time)};
    }
  }
  return bgr;
}

inline cv::Mat Gray(cv::Size size, int level) { return {size, CV_8UC3, cv::Scalar::all(level)}; }

inline std::vector<cv::Mat> NoiseFrames(cv::Size size, int count) {
  std::vector<cv::Mat> frames;
  for (int i = 0; i < count; ++i) frames.push_back(Noise(size, i + 1));
  return frames;
}

/// Frame i is of the grey level 10·i, so that a frame tells its place.
inline std::vector<cv::Mat> GrayFrames(cv::Size size, int count) {
  std::vector<cv::Mat> frames;
  for (int i = 0; i < count; ++i) frames.push_back(Gray(size, 10 * i));
  return frames;
}

inline void WriteAll(VideoWriter* writer, const std::vector<cv::Mat>& frames) {
  for (const cv::Mat& frame : frames) writer->Write(frame);
  writer->Finish();
}

inline void WriteLossless(const std::filesystem::path& file, const std::vector<cv::Mat>& frames,
                          FrameRate rate = {25, 1}) {
  WriteAll(VideoWriter::Intermediate(file, frames.front().size(), rate).get(), frames);
}

inline std::vector<cv::Mat> ReadAll(FrameSource* source) {
  std::vector<cv::Mat> frames;
  Frame frame;
  while (source->Next(&frame)) frames.push_back(frame.bgr.clone());
  return frames;
}

inline std::vector<cv::Mat> ReadAll(const std::filesystem::path& file,
                                    const ReadOptions& options = {}) {
  return ReadAll(OpenFrames(file, options).get());
}

/// Largest difference of any channel of any pixel; 256 when the sizes differ.
inline double LargestDifference(const cv::Mat& a, const cv::Mat& b) {
  return a.size() == b.size() && a.type() == b.type() ? cv::norm(a, b, cv::NORM_INF) : 256;
}

/// Places that the frames of a video made from GrayFrames had there.
inline std::vector<int> PlacesOf(const std::vector<cv::Mat>& gray_frames) {
  std::vector<int> places;
  for (const cv::Mat& frame : gray_frames) places.push_back(cvRound(cv::mean(frame)[0] / 10));
  return places;
}

}  // namespace maskbench
