#pragma once

#include <string>

#include <opencv2/core.hpp>

namespace maskbench {

/// Bytes in the base64 of RFC 4648.
std::string Base64(const std::string& bytes);

/// A picture as a JPEG in a data URI, which a page can hold. Throws DataError.
std::string JpegDataUri(const cv::Mat& picture, int quality);

}  // namespace maskbench
