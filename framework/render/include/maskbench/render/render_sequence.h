#pragma once

#include <functional>

#include "maskbench/render/renderer.h"

namespace maskbench {

/// Renders frames 0 … count − 1 on `threads` threads and hands them over in order, in the thread of
/// the caller. At most 2 · threads frames exist at a time, and no byte depends on `threads`.
///
/// `make_scene` is called from several threads at once and in any order. `sink` may take the images
/// away (move or swap); otherwise their memory is used again after it returns.
///
/// When a frame fails, the frames before it are still handed over; then the failure is thrown, with
/// the number of the frame in the message.
void RenderSequence(int count, int threads, const RenderOptions& options,
                    const std::function<Scene(int)>& make_scene,
                    const std::function<void(int, RenderedFrame&)>& sink);

}  // namespace maskbench
