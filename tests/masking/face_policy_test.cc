#include "maskbench/masking/face_policy.h"

#include <set>

#include <gtest/gtest.h>

#include "maskbench/core/error.h"
#include "maskbench/head/head_registry.h"

#include "masking/mask_fixtures.h"
#include "nn/expect_error.h"

namespace maskbench {
namespace {

class FacePolicyTest : public testing::Test {
 protected:
  FaceShape Choose(const std::string& policy, const FaceIdentity* patient) const {
    return FindFacePolicy(policy).choose({*model_, patient, 1, "r1"});
  }
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

}  // namespace
}  // namespace maskbench
