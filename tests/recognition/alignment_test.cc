#include "maskbench/recognition/alignment.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

namespace maskbench {
namespace {

std::vector<cv::Point2d> RandomPoints(int count, int seed) {
  cv::RNG random(seed);
  std::vector<cv::Point2d> points(count);
  for (cv::Point2d& point : points) {
    point.x = random.uniform(-50.0, 50.0);
    point.y = random.uniform(-50.0, 50.0);
  }
  return points;
}

cv::Matx23d Similarity(double angle, double scale, double x, double y) {
  const double c = scale * std::cos(angle), s = scale * std::sin(angle);
  return {c, -s, x, s, c, y};
}

std::vector<cv::Point2d> Moved(const cv::Matx23d& map, const std::vector<cv::Point2d>& points) {
  std::vector<cv::Point2d> moved;
  for (const cv::Point2d& p : points) {
    const cv::Vec2d q = map * cv::Vec3d(p.x, p.y, 1);
    moved.emplace_back(q[0], q[1]);
  }
  return moved;
}

double SquaredError(const cv::Matx23d& map, const std::vector<cv::Point2d>& from,
                    const std::vector<cv::Point2d>& to) {
  double sum = 0;
  const std::vector<cv::Point2d> moved = Moved(map, from);
  for (size_t i = 0; i < to.size(); ++i) sum += (moved[i] - to[i]).dot(moved[i] - to[i]);
  return sum;
}

TEST(FitSimilarity, RecoversWhatWasApplied) {
  for (const double angle : {-3.0, -0.4, 0.0, 0.7, M_PI / 2}) {
    const cv::Matx23d truth = Similarity(angle, 1.7, 12, -30);
    const std::vector<cv::Point2d> from = RandomPoints(5, 1);
    const cv::Matx23d found = FitSimilarity(from, Moved(truth, from));
    EXPECT_LT(cv::norm(found, truth, cv::NORM_INF), 1e-12) << "angle " << angle;
  }
}

TEST(FitSimilarity, TwoPointsDetermineIt) {
  const cv::Matx23d found = FitSimilarity({{0, 0}, {1, 0}}, {{5, 5}, {5, 7}});
  EXPECT_LT(cv::norm(found, cv::Matx23d(0, -2, 5, 2, 0, 5), cv::NORM_INF), 1e-14);
}

TEST(FitSimilarity, HasTheLeastSquaredErrorUnderNoise) {
  const std::vector<cv::Point2d> from = RandomPoints(6, 2), noise = RandomPoints(6, 3);
  std::vector<cv::Point2d> to = Moved(Similarity(0.3, 0.8, 4, 5), from);
  for (size_t i = 0; i < to.size(); ++i) to[i] += noise[i] * 0.1;
  const cv::Matx23d found = FitSimilarity(from, to);
  const double least = SquaredError(found, from, to);
  EXPECT_GT(least, 1);
  for (const double step : {-1e-3, 1e-3}) {
    const double a = found(0, 0), b = found(1, 0), x = found(0, 2), y = found(1, 2);
    EXPECT_GT(SquaredError({a + step, -b, x, b, a + step, y}, from, to), least);
    EXPECT_GT(SquaredError({a, -b - step, x, b + step, a, y}, from, to), least);
    EXPECT_GT(SquaredError({a, -b, x + step, b, a, y}, from, to), least);
    EXPECT_GT(SquaredError({a, -b, x, b, a, y + step}, from, to), least);
  }
}

TEST(FitSimilarity, NeverMirrors) {
  const std::vector<cv::Point2d> from = RandomPoints(5, 4);
  std::vector<cv::Point2d> mirrored = from;
  for (cv::Point2d& point : mirrored) point.x = -point.x;
  const cv::Matx23d found = FitSimilarity(from, mirrored);
  EXPECT_GE(found(0, 0) * found(1, 1) - found(0, 1) * found(1, 0), 0);
  EXPECT_GT(SquaredError(found, from, mirrored), 1);
}

}  // namespace
}  // namespace maskbench
