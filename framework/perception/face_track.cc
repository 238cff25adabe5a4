#include "maskbench/perception/face_track.h"

#include <cstring>

#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/core/json.h"

namespace maskbench {
namespace {

constexpr char kFormat[] = "maskbench-face-track-1";
constexpr size_t kHeadFloats = 3;
constexpr size_t kRecordFloats = kHeadFloats + 3 * (kMeshPoints + 2 * kEyePoints);

template <class Visit>
void ForEachPoint(FaceObservation* face, Visit visit) {
  for (cv::Point3f& point : face->mesh) visit(&point);
  for (EyeObservation& eye : face->eyes) {
    for (cv::Point3f& point : eye.contour) visit(&point);
    for (cv::Point3f& point : eye.iris) visit(&point);
  }
}

}  // namespace

FaceTrackWriter::FaceTrackWriter(const std::filesystem::path& file, const MediaInfo& info)
    : file_(file), stream_(file, std::ios::binary), record_(kRecordFloats) {
  const Json header = {{"format", kFormat}, {"media", ToJson(info)}};
  stream_ << header.dump() << '\n';
}

void FaceTrackWriter::Write(const FaceObservation& face) {
  record_[0] = static_cast<float>(face.status);
  record_[1] = static_cast<float>(face.faces_found);
  record_[2] = face.presence;
  size_t next = kHeadFloats;
  FaceObservation copy = face;
  ForEachPoint(&copy, [this, &next](const cv::Point3f* point) {
    record_[next++] = point->x;
    record_[next++] = point->y;
    record_[next++] = point->z;
  });
  stream_.write(reinterpret_cast<const char*>(record_.data()),
                static_cast<std::streamsize>(kRecordFloats * sizeof(float)));
}

void FaceTrackWriter::Finish() {
  stream_.close();
  if (!stream_) throw DataError(fmt::format("{} cannot be written whole.", file_.string()));
}

FaceTrackReader::FaceTrackReader(const std::filesystem::path& file)
    : file_(file), stream_(file, std::ios::binary), record_(kRecordFloats) {
  std::string line;
  std::getline(stream_, line);
  const Json header = Json::parse(line, nullptr, false);
  if (!stream_ || !header.is_object() || header.value("format", "") != kFormat) {
    throw DataError(fmt::format("{} is no face track of this version.", file.string()));
  }
  rate_hz_ = header["media"]["rate_hz"];
  picture_px_ = {header["media"].value("width_px", 0), header["media"].value("height_px", 0)};
  first_record_ = stream_.tellg();
  const auto bytes = static_cast<int64_t>(std::filesystem::file_size(file)) - first_record_;
  constexpr auto kRecordBytes = static_cast<int64_t>(kRecordFloats * sizeof(float));
  if (bytes % kRecordBytes != 0) {
    throw DataError(fmt::format("{} ends within a frame.", file.string()));
  }
  frame_count_ = bytes / kRecordBytes;
}

bool FaceTrackReader::Next(FaceObservation* face) {
  if (next_ == frame_count_) return false;
  stream_.read(reinterpret_cast<char*>(record_.data()),
               static_cast<std::streamsize>(kRecordFloats * sizeof(float)));
  if (!stream_) throw DataError(fmt::format("{} cannot be read.", file_.string()));
  face->frame = next_++;
  face->status = static_cast<FaceStatus>(static_cast<int>(record_[0]));
  face->faces_found = static_cast<int>(record_[1]);
  face->presence = record_[2];
  size_t from = kHeadFloats;
  ForEachPoint(face, [this, &from](cv::Point3f* point) {
    *point = {record_[from], record_[from + 1], record_[from + 2]};
    from += 3;
  });
  return true;
}

void FaceTrackReader::Seek(int64_t frame) {
  stream_.clear();
  stream_.seekg(first_record_ + frame * static_cast<std::streamoff>(kRecordFloats * sizeof(float)));
  next_ = frame;
}

}  // namespace maskbench
