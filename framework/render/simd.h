#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

// Four numbers at once, with the vector extensions of GCC and Clang. Only IEEE operations are used
// (no approximate reciprocals, whose bits differ between makes of processor).
namespace maskbench::simd {

typedef float F4 __attribute__((vector_size(16)));         // NOLINT(modernize-use-using)
typedef std::int32_t I4 __attribute__((vector_size(16)));  // NOLINT(modernize-use-using)

/// Storage for four floats in a std::vector, which would drop the attributes of F4.
struct alignas(16) Row {
  float v[4];
};

inline F4 Splat(float x) { return F4{x, x, x, x}; }
inline I4 SplatInt(std::int32_t x) { return I4{x, x, x, x}; }

inline F4 Load(const float* p) {
  F4 x;
  std::memcpy(&x, p, sizeof(x));
  return x;
}
inline F4 Load(const Row& row) { return Load(row.v); }
inline void Store(float* p, F4 x) { std::memcpy(p, &x, sizeof(x)); }
inline void Store(Row* row, F4 x) { Store(row->v, x); }

#if defined(__SSE2__)
inline F4 Min(F4 a, F4 b) { return _mm_min_ps(a, b); }
inline F4 Max(F4 a, F4 b) { return _mm_max_ps(a, b); }
inline F4 Sqrt(F4 x) { return _mm_sqrt_ps(x); }
/// Bit i is set where lane i of the mask (all ones or all zeros) is.
inline int MaskBits(I4 mask) { return _mm_movemask_ps(reinterpret_cast<__m128>(mask)); }
inline I4 Truncate(F4 x) { return reinterpret_cast<I4>(_mm_cvttps_epi32(x)); }
#else
inline F4 Min(F4 a, F4 b) { return a < b ? a : b; }
inline F4 Max(F4 a, F4 b) { return a > b ? a : b; }
inline F4 Sqrt(F4 x) {
  return F4{std::sqrt(x[0]), std::sqrt(x[1]), std::sqrt(x[2]), std::sqrt(x[3])};
}
inline int MaskBits(I4 mask) {
  return (mask[0] & 1) | (mask[1] & 2) | (mask[2] & 4) | (mask[3] & 8);
}
inline I4 Truncate(F4 x) { return __builtin_convertvector(x, I4); }
#endif

inline F4 Select(I4 mask, F4 a, F4 b) {
  return reinterpret_cast<F4>((mask & reinterpret_cast<I4>(a)) | (~mask & reinterpret_cast<I4>(b)));
}
inline F4 And(I4 mask, F4 a) { return reinterpret_cast<F4>(mask & reinterpret_cast<I4>(a)); }
inline I4 Select(I4 mask, I4 a, I4 b) { return (mask & a) | (~mask & b); }
inline F4 Clamp(F4 x, float low, float high) { return Min(Max(x, Splat(low)), Splat(high)); }
inline F4 Saturate(F4 x) { return Clamp(x, 0.0f, 1.0f); }
inline F4 Abs(F4 x) { return And(SplatInt(0x7FFFFFFF), x); }
inline F4 Mix(F4 a, F4 b, F4 t) { return a + (b - a) * t; }
inline F4 InverseSqrt(F4 x) { return 1.0f / Sqrt(x); }
inline F4 ToFloat(I4 x) { return __builtin_convertvector(x, F4); }
inline float Sum(F4 x) { return (x[0] + x[1]) + (x[2] + x[3]); }

inline void Transpose(F4* a, F4* b, F4* c, F4* d) {
  const F4 ab_low = __builtin_shufflevector(*a, *b, 0, 4, 1, 5);
  const F4 ab_high = __builtin_shufflevector(*a, *b, 2, 6, 3, 7);
  const F4 cd_low = __builtin_shufflevector(*c, *d, 0, 4, 1, 5);
  const F4 cd_high = __builtin_shufflevector(*c, *d, 2, 6, 3, 7);
  *a = __builtin_shufflevector(ab_low, cd_low, 0, 1, 4, 5);
  *b = __builtin_shufflevector(ab_low, cd_low, 2, 3, 6, 7);
  *c = __builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5);
  *d = __builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7);
}

/// Eight 16-bit numbers a0 … a3, b0 … b3 and a pair of weights w, x: w · a + x · b.
inline I4 WeighPair(const std::int16_t* p, std::int32_t weights) {
#if defined(__SSE2__)
  const __m128i row = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
  const __m128i pairs = _mm_unpacklo_epi16(row, _mm_srli_si128(row, 8));
  return reinterpret_cast<I4>(_mm_madd_epi16(pairs, _mm_set1_epi32(weights)));
#else
  const int w = static_cast<std::int16_t>(weights & 0xFFFF);
  const int x = weights >> 16;
  return I4{w * p[0] + x * p[4], w * p[1] + x * p[5], w * p[2] + x * p[6], w * p[3] + x * p[7]};
#endif
}

}  // namespace maskbench::simd
