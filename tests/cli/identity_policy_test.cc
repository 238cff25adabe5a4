// Whose face masks show, from end to end: what a secret leaves behind, and a gallery made of a run.
#include <algorithm>
#include <filesystem>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "maskbench/masking/mask_parameters.h"

#include "program.h"

namespace maskbench {
namespace {
namespace fs = std::filesystem;

using testing::HasSubstr;

constexpr char kSecret[] = "a cat may look at a king";

/// Files below a folder that hold some bytes.
std::vector<std::string> FilesWith(const fs::path& folder, const std::string& bytes) {
  std::vector<std::string> found;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file() && ReadFile(entry.path()).find(bytes) != std::string::npos)
      found.push_back(fs::relative(entry.path(), folder).string());
  }
  return found;
}

/// Faces of a run's recordings, by their id: what their files of parameters say.
std::map<std::string, std::pair<std::vector<double>, double>> FacesOf(const fs::path& run,
                                                                      const fs::path& masks) {
  std::map<std::string, std::pair<std::vector<double>, double>> faces;
  const Json plan = ReadJsonFile(run / "plan.json");
  for (const Json& node : plan.at("nodes")) {
    const fs::path file = masks / (node.at("anonymous_id").get<std::string>() + ".mask");
    if (!fs::exists(file)) continue;
    const MaskHeader header = ReadMaskParameters(file).header;
    faces[node.at("recording").get<std::string>()] = {header.identity, header.scale};
  }
  return faces;
}

TEST(IdentityPolicies, ASecretShapesARunAndStandsNowhereInIt) {
  SmallRun run;
  const fs::path masks = run.folder() / "masks";
  fs::create_directories(masks);
  WriteFileAtomically(run.folder() / "key", std::string(kSecret) + "\n");
  run.config()["variants"] = {{{"type", "digital_mask"},
                               {"policy", "private"},
                               {"scope", "patient"},
                               {"secret_file", (run.folder() / "key").string()},
                               {"parameters", masks.string()}}};
  run.config()["observers"] = {"mediapipe_iris"};
  run.config()["experiments"] = Json::array();
  const ProgramResult result = run.Run("out");
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_THAT(FilesWith(run.Out("out"), kSecret), testing::IsEmpty());
  EXPECT_THAT(FilesWith(masks, kSecret), testing::IsEmpty());
  EXPECT_THAT(FilesWith(masks, "fingerprint"), testing::IsEmpty());
  EXPECT_THAT(FilesWith(run.Out("out"), "fingerprint:"),
              testing::IsSupersetOf({"run.json", "plan.json"}));
  EXPECT_THAT(result.output + result.errors, testing::Not(HasSubstr(kSecret)));

  // One face for each patient, whatever the recording.
  const auto faces = FacesOf(run.Out("out"), masks);
  ASSERT_EQ(faces.size(), 5u);
  EXPECT_EQ(faces.at("p1"), faces.at("p2"));
  EXPECT_EQ(faces.at("q1"), faces.at("q2"));
  EXPECT_NE(faces.at("p1"), faces.at("q1"));
  EXPECT_NE(faces.at("p1"), faces.at("r1"));

  // The same patient by hand, and a stranger to the method.
  const std::string kept = run.folder() / "kept.mask", out = run.folder() / "out.mp4",
                    photo = run.folder() / "p1.jpg";
  const ProgramResult single =
      RunProgram({"mask", "--variant", "digital_mask", "--patient", "p", "--set", "policy=private",
                  "--set", "scope=patient", "--set", "secret=" + std::string(kSecret), "--set",
                  "parameters=" + kept, photo, out});
  ASSERT_EQ(single.exit_code, 0) << single.errors;
  EXPECT_EQ(ReadMaskParameters(kept).header.identity, faces.at("p1").first);
  EXPECT_THAT(RunProgram({"mask", "--variant", "eye_bar", "--patient", "p", photo, out}).errors,
              HasSubstr("does not ask who is recorded"));

  // A second run goes on, and scoring needs no secret.
  EXPECT_THAT(run.Run("out").errors, HasSubstr("30 of 30 steps"));
  fs::remove(run.folder() / "key");
  EXPECT_EQ(RunProgram({"score", run.Out("out")}).exit_code, 0);
  const ProgramResult gone = run.Run("out");
  EXPECT_EQ(gone.exit_code, 2);
  EXPECT_THAT(gone.errors, HasSubstr("secret_file names a file that cannot be read"));
  // A typing error does not show it either.
  const ProgramResult typo =
      run.Run("other", {"--set", "variants.digital.secret=" + std::string(kSecret)});
  EXPECT_EQ(typo.exit_code, 2);
  EXPECT_THAT(typo.errors, testing::Not(HasSubstr(kSecret)));
}

TEST(IdentityPolicies, AGalleryOfARunIsSharedByItsPeople) {
  SmallRun run;
  const fs::path fitted = run.folder() / "fitted", shared = run.folder() / "shared",
                 gallery = run.folder() / "gallery.json";
  fs::create_directories(fitted);
  fs::create_directories(shared);
  run.config()["observers"] = Json::array();
  run.config()["experiments"] = Json::array();
  run.config()["variants"] = {
      {{"type", "digital_mask"}, {"policy", "fitted"}, {"parameters", fitted.string()}}};
  ASSERT_EQ(run.Run("first").exit_code, 0);
  const ProgramResult made =
      RunProgram({"gallery", run.Out("first"), "--masks", fitted, "--to", gallery});
  ASSERT_EQ(made.exit_code, 0) << made.errors;
  EXPECT_THAT(made.output, HasSubstr("shapes of 3 people"));
  const Json people = ReadJsonFile(gallery).at("people");
  ASSERT_EQ(people.size(), 3u);
  // Nobody's id stands in it.
  for (const char* id : {"\"p\"", "\"q\"", "\"r\""})
    EXPECT_EQ(ReadFile(gallery).find(id), std::string::npos);

  run.config()["variants"] = {{{"type", "digital_mask"},
                               {"policy", "k_same"},
                               {"k", 3},
                               {"gallery", gallery.string()},
                               {"parameters", shared.string()}}};
  ASSERT_EQ(run.Run("second").exit_code, 0);
  const auto before = FacesOf(run.Out("first"), fitted), faces = FacesOf(run.Out("second"), shared);
  ASSERT_EQ(faces.size(), 5u);
  EXPECT_NE(before.at("p1"), before.at("q1"));
  for (const auto& [recording, face] : faces) EXPECT_EQ(face, faces.at("p1")) << recording;

  // Other shapes are another option, so nothing old is taken for new.
  Json other = ReadJsonFile(gallery);
  other["people"][0]["scale"] = 1.1;
  WriteJsonFile(gallery, other);
  EXPECT_THAT(run.Run("second").errors, HasSubstr("15 of 20 steps"));

  EXPECT_THAT(RunProgram({"gallery", run.Out("first"), "--masks", shared, "--to", gallery}).errors,
              HasSubstr("policy k_same"));
  EXPECT_THAT(
      RunProgram({"gallery", run.Out("first"), "--masks", run.Out("second"), "--to", gallery})
          .errors,
      HasSubstr("no file of parameters"));
}

}  // namespace
}  // namespace maskbench
