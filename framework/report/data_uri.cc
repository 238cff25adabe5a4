#include "data_uri.h"

#include <vector>

#include <opencv2/imgcodecs.hpp>

#include "maskbench/core/error.h"

namespace maskbench {

std::string Base64(const std::string& bytes) {
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const auto at = [&](size_t k) {
      return k < bytes.size() ? static_cast<unsigned>(static_cast<unsigned char>(bytes[k])) : 0U;
    };
    const unsigned group = at(i) << 16U | at(i + 1) << 8U | at(i + 2);
    text += kDigits[group >> 18U & 63U];
    text += kDigits[group >> 12U & 63U];
    text += i + 1 < bytes.size() ? kDigits[group >> 6U & 63U] : '=';
    text += i + 2 < bytes.size() ? kDigits[group & 63U] : '=';
  }
  return text;
}

std::string JpegDataUri(const cv::Mat& picture, int quality) {
  std::vector<unsigned char> bytes;
  if (!cv::imencode(".jpg", picture, bytes, {cv::IMWRITE_JPEG_QUALITY, quality}))
    throw DataError("a picture of the report cannot be encoded as JPEG.");
  return "data:image/jpeg;base64," + Base64(std::string(bytes.begin(), bytes.end()));
}

}  // namespace maskbench
