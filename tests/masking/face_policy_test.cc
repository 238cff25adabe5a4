#include "maskbench/masking/face_policy.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "maskbench/core/error.h"
#include "maskbench/core/files.h"
#include "maskbench/core/rng.h"
#include "maskbench/head/head_registry.h"
#include "maskbench/masking/masker.h"
#include "maskbench/masking/shape_gallery.h"

#include "masking/mask_fixtures.h"
#include "nn/expect_error.h"

namespace maskbench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class FacePolicyTest : public testing::Test {
 protected:
  FaceShape Choose(const std::string& policy, const FaceIdentity* patient,
                   const FacePolicyOptions& options = {}, const std::string& who = "",
                   const HeadModel* model = nullptr) const {
    return FindFacePolicy(policy).choose(
        {model != nullptr ? *model : *model_, patient, 1, "r1", options, who});
  }
  /// Somebody as the fit would have them: coefficients fall off.
  static FaceIdentity Patient(const HeadModel& model, int number) {
    NamedRandom random(9, "patient " + std::to_string(number), "fit");
    FaceIdentity patient;
    patient.known = true;
    patient.identity = Eigen::VectorXd::Zero(model.IdentityDims());
    for (int k = 0; k < std::min(kShapeDims, model.IdentityDims()); ++k)
      patient.identity[k] = random.Normal();
    patient.scale = 1 + 0.04 * random.Normal();
    return patient;
  }
  static InputFile Write(const ShapeGallery& gallery, const std::filesystem::path& file) {
    WriteFileAtomically(file, SerialiseGallery(gallery));
    Problems problems;
    InputFile input;
    OptionCodec<InputFile>::Read(file.string(), "gallery", {}, &input, &problems);
    EXPECT_TRUE(problems.empty());
    return input;
  }
  TemporaryFolder folder_;
  std::unique_ptr<HeadModel> model_ = MakeHeadModel("canonical468", ModelsFolder());
};

TEST_F(FacePolicyTest, NamesAreUniqueAndFound) {
  std::set<std::string> names;
  for (const FacePolicy& policy : FacePolicies()) {
    EXPECT_TRUE(names.insert(policy.name).second) << policy.name;
    EXPECT_FALSE(policy.summary.empty()) << policy.name;
    EXPECT_EQ(FindFacePolicy(policy.name).name, policy.name);
  }
  EXPECT_EQ(names.size(), FacePolicyNames().size());
  EXPECT_THROW(FindFacePolicy("mine"), UsageError);
}

TEST_F(FacePolicyTest, MeanLooksAtNobody) {
  EXPECT_FALSE(FindFacePolicy("mean").looks_at_patient);
  const FaceShape shape = Choose("mean", nullptr);
  EXPECT_TRUE(shape.identity.empty());
  EXPECT_EQ(shape.scale, 1);
}

TEST_F(FacePolicyTest, FittedIsThePatient) {
  EXPECT_TRUE(FindFacePolicy("fitted").looks_at_patient);
  FaceIdentity patient;
  patient.known = true;
  patient.identity = Eigen::VectorXd::Zero(model_->IdentityDims());
  patient.identity[0] = 1.5;
  patient.identity[2] = -0.5;
  patient.scale = 1.04;
  const FaceShape shape = Choose("fitted", &patient);
  EXPECT_EQ(shape.identity, (std::vector<double>{1.5, 0, -0.5}));
  EXPECT_EQ(shape.scale, 1.04);
  patient.known = false;
  ExpectDataError([&] { Choose("fitted", &patient); }, {"could not be fitted"});
}

TEST_F(FacePolicyTest, TruncatedComesNearerWithEveryStep) {
  for (const char* name : {"parametric", "canonical468"}) {
    const auto model = MakeHeadModel(name, ModelsFolder());
    const ShapeSpace space(*model, kShapeDims);
    // Over people: in one of them a coefficient may make up for another.
    std::vector<double> mean_mm;
    for (const int dimensions : {0, 1, 3, 6, 10, 15, 20, 30, 40}) {
      double sum = 0;
      for (int p = 0; p < 20; ++p) {
        const FaceIdentity patient = Patient(*model, p);
        FacePolicyOptions options;
        options.identity_dimensions = dimensions;
        const FaceShape shape = Choose("truncated", &patient, options, "", model.get()),
                        fitted = Choose("fitted", &patient, {}, "", model.get());
        EXPECT_LE(shape.identity.size(), static_cast<size_t>(dimensions));
        for (size_t k = 0; k < shape.identity.size(); ++k)
          EXPECT_EQ(shape.identity[k], fitted.identity[k]);
        sum += (space.VectorOf(shape.identity, shape.scale) -
                space.VectorOf(fitted.identity, fitted.scale))
                   .norm();
        if (dimensions == 0) {
          EXPECT_TRUE(shape.identity.empty());
          EXPECT_EQ(shape.scale, 1);
        }
        if (dimensions == 40) {
          EXPECT_EQ(shape.identity, fitted.identity);
        }
      }
      mean_mm.push_back(sum / 20);
    }
    for (size_t i = 1; i < mean_mm.size(); ++i) EXPECT_LT(mean_mm[i], mean_mm[i - 1]) << name << i;
    EXPECT_GT(mean_mm.front(), 3) << name;
    EXPECT_EQ(mean_mm.back(), 0) << name;
  }
}

TEST_F(FacePolicyTest, KMembersOfAGalleryGetOneFace) {
  ShapeGallery gallery;
  gallery.model = "canonical468";
  std::vector<FaceIdentity> patients;
  for (int p = 0; p < 23; ++p) {
    patients.push_back(Patient(*model_, p));
    const FaceShape fitted = Choose("fitted", &patients.back());
    gallery.people.push_back(
        {AnonymousPatient("s" + std::to_string(p)), fitted.identity, fitted.scale});
  }
  FacePolicyOptions options;
  options.k = 5;
  options.gallery = Write(gallery, folder_.path() / "gallery.json");
  const auto face_of = [&](int p, const FaceIdentity* seen) {
    return Choose("k_same", seen, options, AnonymousPatient("s" + std::to_string(p)));
  };
  std::map<std::pair<std::vector<double>, double>, std::vector<int>> faces;
  for (int p = 0; p < 23; ++p) {
    const FaceShape face = face_of(p, &patients[static_cast<size_t>(p)]);
    EXPECT_TRUE(face.notes.at("patient_in_gallery").get<bool>());
    EXPECT_EQ(face.notes.at("gallery_faces"), 4);
    faces[{face.identity, face.scale}].push_back(p);
    // Whatever another recording of the patient was fitted with.
    const FaceShape again = face_of(p, &patients[static_cast<size_t>((p + 7) % 23)]);
    EXPECT_EQ(again.identity, face.identity);
    EXPECT_EQ(again.scale, face.scale);
  }
  EXPECT_EQ(faces.size(), 4u);
  for (const auto& [face, people] : faces) {
    EXPECT_GE(people.size(), 5u);
    // It is the average of their shapes.
    double scale = 0, first = 0;
    for (const int p : people) {
      scale += patients[static_cast<size_t>(p)].scale;
      first +=
          patients[static_cast<size_t>(p)].scale * patients[static_cast<size_t>(p)].identity[0];
    }
    EXPECT_NEAR(face.second, scale / static_cast<double>(people.size()), 1e-12);
    EXPECT_NEAR(face.first[0], first / scale, 1e-12);
  }
  // The order of the file does not matter.
  std::reverse(gallery.people.begin(), gallery.people.end());
  const FaceShape before = face_of(4, &patients[4]);
  options.gallery = Write(gallery, folder_.path() / "reversed.json");
  EXPECT_EQ(face_of(4, &patients[4]).identity, before.identity);

  // Somebody else gets one of these faces, the nearest.
  const FaceIdentity stranger = Patient(*model_, 99);
  const FaceShape face = Choose("k_same", &stranger, options, AnonymousPatient("s99"));
  EXPECT_FALSE(face.notes.at("patient_in_gallery").get<bool>());
  const ShapeSpace space(*model_, kShapeDims);
  const FaceShape own = Choose("fitted", &stranger);
  const auto far = [&](const std::vector<double>& identity, double scale) {
    return (space.VectorOf(identity, scale) - space.VectorOf(own.identity, own.scale)).norm();
  };
  bool one_of_them = false;
  for (const auto& [other, people] : faces) {
    one_of_them |= far(face.identity, face.scale) == far(other.first, other.second);
    EXPECT_LE(far(face.identity, face.scale), far(other.first, other.second) + 1e-9);
  }
  EXPECT_TRUE(one_of_them);
}

TEST_F(FacePolicyTest, WithoutAGalleryPeopleAreDrawn) {
  FacePolicyOptions options;
  options.k = 20;
  std::set<std::vector<double>> faces;
  for (int p = 0; p < 12; ++p) {
    const FaceIdentity patient = Patient(*model_, p);
    const FaceShape face = Choose("k_same", &patient, options);
    EXPECT_EQ(face.notes.at("gallery_people"), 1000);
    EXPECT_EQ(face.notes.at("gallery_faces"), 50);
    EXPECT_GE(face.notes.at("people_of_this_face"), 20);
    EXPECT_EQ(face.identity, Choose("k_same", &patient, options).identity);
    faces.insert(face.identity);
    // An average of many, nearer to the mean than a person is.
    double square = 0;
    for (const double value : face.identity) square += value * value;
    EXPECT_LT(std::sqrt(square), 3);
  }
  EXPECT_GT(faces.size(), 1u);
  FaceIdentity unknown;
  ExpectDataError([&] { Choose("k_same", &unknown, options); }, {"could not be fitted"});
}

TEST_F(FacePolicyTest, GalleriesThatDoNotFitAreRefused) {
  const FaceIdentity patient = Patient(*model_, 1);
  FacePolicyOptions options;
  ShapeGallery gallery = {"parametric", {{"", {1}, 1}, {"", {2}, 1}}};
  options.gallery = Write(gallery, folder_.path() / "other.json");
  ExpectDataError([&] { Choose("k_same", &patient, options); },
                  {"other.json", "parametric", "canonical468"});
  gallery.model = "canonical468";
  options.gallery = Write(gallery, folder_.path() / "small.json");
  ExpectDataError([&] { Choose("k_same", &patient, options); }, {"2 people", "no 10"});
  options.k = 2;
  EXPECT_NO_THROW(Choose("k_same", &patient, options));
  gallery.people[0].identity.assign(500, 0);
  options.gallery = Write(gallery, folder_.path() / "long.json");
  ExpectDataError([&] { Choose("k_same", &patient, options); }, {"long.json", "500"});
}

TEST_F(FacePolicyTest, PrivateFacesAreThoseOfSecretAndScope) {
  FacePolicyOptions options;
  options.secret = Secret::FromText("the first institution");
  const FaceShape institution = Choose("private", nullptr, options, "p1");
  EXPECT_EQ(institution.identity.size(), 40u);
  EXPECT_EQ(institution.scale, 1);
  EXPECT_EQ(Choose("private", nullptr, options, "p2").identity, institution.identity);
  EXPECT_EQ(Choose("private", nullptr, options).identity, institution.identity);

  options.scope = "patient";
  const FaceShape one = Choose("private", nullptr, options, "p1"),
                  two = Choose("private", nullptr, options, "p2");
  EXPECT_EQ(Choose("private", nullptr, options, "p1").identity, one.identity);
  EXPECT_NE(one.identity, two.identity);
  EXPECT_NE(one.identity, institution.identity);
  ExpectDataError([&] { Choose("private", nullptr, options); }, {"whose recording"});

  // Neither the run's seed nor the recording matters.
  EXPECT_EQ(FindFacePolicy("private").choose({*model_, nullptr, 77, "r2", options, "p1"}).identity,
            one.identity);
  // A file is as good as text, and another secret is another face.
  FacePolicyOptions file;
  file.scope = "patient";
  file.secret_file.secret = Secret::FromText("the first institution");
  EXPECT_EQ(Choose("private", nullptr, file, "p1").identity, one.identity);
  file.secret_file.secret = Secret::FromText("the other institution");
  EXPECT_NE(Choose("private", nullptr, file, "p1").identity, one.identity);
  // A configuration that was stored knows the fingerprint, not the secret.
  file.secret_file.secret = Secret::FromWritten("fingerprint:00000000000000ff");
  ExpectDataError([&] { Choose("private", nullptr, file, "p1"); }, {"not at hand"});
}

TEST_F(FacePolicyTest, PrivateFacesDifferAndArePlausible) {
  for (const char* name : {"parametric", "canonical468"}) {
    const auto model = MakeHeadModel(name, ModelsFolder());
    const ShapeSpace space(*model, kShapeDims);
    FacePolicyOptions options;
    options.secret = Secret::FromText("one secret, two hundred patients");
    options.scope = "patient";
    std::vector<Eigen::VectorXd> faces;
    for (int p = 0; p < 200; ++p) {
      const FaceShape shape =
          Choose("private", nullptr, options, "p" + std::to_string(p), model.get());
      for (const double value : shape.identity) EXPECT_LE(std::abs(value), 2);
      faces.push_back(space.VectorOf(shape.identity, shape.scale));
    }
    const Eigen::VectorXd mean = space.VectorOf({}, 1);
    double nearest = 1e9, farthest = 0, least = 1e9;
    for (size_t a = 0; a < faces.size(); ++a) {
      farthest = std::max(farthest, (faces[a] - mean).norm());
      least = std::min(least, (faces[a] - mean).norm());
      for (size_t b = 0; b < a; ++b) nearest = std::min(nearest, (faces[a] - faces[b]).norm());
    }
    // People of the model itself are 2 to 14 mm from its mean and 1.8 mm or more from each other.
    RecordProperty(std::string(name) + "_nearest", std::to_string(nearest));
    EXPECT_GT(nearest, 1.5) << name;
    EXPECT_LE(farthest, 7) << name;
    EXPECT_GE(least, 3) << name;
  }
}

TEST_F(FacePolicyTest, OptionsThatContradictAreNamed) {
  const auto problems = [](const std::string& policy, const FacePolicyOptions& options) {
    Problems found;
    CheckFacePolicyOptions(policy, options, "variants[0]", &found);
    return found.lines();
  };
  FacePolicyOptions secret, file, both, gallery;
  secret.secret = both.secret = Secret::FromText("the first institution");
  file.secret_file.secret = both.secret_file.secret = Secret::FromText("the other institution");
  gallery.gallery.path = "g.json";
  EXPECT_THAT(problems("private", {}), ElementsAre(HasSubstr("needs secret_file")));
  EXPECT_THAT(problems("private", both), ElementsAre(HasSubstr("one is enough")));
  EXPECT_THAT(problems("private", secret), IsEmpty());
  EXPECT_THAT(problems("private", file), IsEmpty());
  EXPECT_THAT(problems("mean", secret),
              ElementsAre("variants[0].secret is for the policy \"private\" alone"));
  EXPECT_THAT(problems("mean", file), ElementsAre(HasSubstr("secret_file is for")));
  EXPECT_THAT(problems("fitted", gallery), ElementsAre(HasSubstr("k_same")));
  EXPECT_THAT(problems("k_same", gallery), IsEmpty());
  EXPECT_THAT(problems("mean", {}), IsEmpty());
}

TEST(AnonymousPatient, TellsPeopleApartWithoutTheirId) {
  // HMAC-SHA-256, computed with Python's hmac.
  EXPECT_EQ(AnonymousPatient("s001"), "p9f841883bc21410");
  EXPECT_NE(AnonymousPatient("s001"), AnonymousPatient("s002"));
}

}  // namespace
}  // namespace maskbench
