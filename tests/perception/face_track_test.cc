#include "maskbench/perception/face_track.h"

#include <fstream>

#include <gtest/gtest.h>

#include "maskbench/core/error.h"
#include "maskbench/core/files.h"

namespace maskbench {
namespace {

FaceObservation Made(int64_t frame) {
  FaceObservation face;
  face.frame = frame;
  face.status = frame % 3 == 2 ? FaceStatus::kNone : FaceStatus::kTracked;
  face.faces_found = static_cast<int>(frame) - 1;
  face.presence = 0.25F * static_cast<float>(frame);
  for (int i = 0; i < kMeshPoints; ++i) {
    face.mesh[i] = {static_cast<float>(i), static_cast<float>(frame), 0.5F};
  }
  face.eyes[1].iris[4] = {7, 8, static_cast<float>(frame)};
  return face;
}

TEST(FaceTrack, ComesBackAsWrittenAndSeeks) {
  const TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "a.track";
  MediaInfo info;
  info.rate = {30000, 1001};
  FaceTrackWriter writer(file, info);
  for (int64_t i = 0; i < 4; ++i) writer.Write(Made(i));
  writer.Finish();
  FaceTrackReader reader(file);
  EXPECT_EQ(reader.frame_count(), 4);
  EXPECT_DOUBLE_EQ(reader.rate_hz(), 30000.0 / 1001);
  FaceObservation face;
  int64_t frame = 0;
  for (; reader.Next(&face); ++frame) {
    const FaceObservation made = Made(frame);
    EXPECT_EQ(face.frame, frame);
    EXPECT_EQ(face.status, made.status);
    EXPECT_EQ(face.faces_found, made.faces_found);
    EXPECT_EQ(face.presence, made.presence);
    EXPECT_EQ(face.mesh, made.mesh);
    EXPECT_EQ(face.eyes[1].iris[4], made.eyes[1].iris[4]);
  }
  EXPECT_EQ(frame, 4);
  reader.Seek(2);
  ASSERT_TRUE(reader.Next(&face));
  EXPECT_EQ(face.frame, 2);
  EXPECT_EQ(face.mesh[5].y, 2);
}

TEST(FaceTrack, RefusesOtherFilesAndHalfFrames) {
  const TemporaryFolder folder;
  const std::filesystem::path other = folder.path() / "other";
  WriteFileAtomically(other, "hello\n");
  EXPECT_THROW(FaceTrackReader{other}, DataError);
  const std::filesystem::path file = folder.path() / "a.track";
  FaceTrackWriter writer(file, {});
  writer.Write(Made(0));
  writer.Finish();
  std::filesystem::resize_file(file, std::filesystem::file_size(file) - 1);
  EXPECT_THROW(FaceTrackReader{file}, DataError);
}

}  // namespace
}  // namespace maskbench
