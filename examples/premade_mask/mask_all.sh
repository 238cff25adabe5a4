#!/bin/sh
# Masks all recordings of a data set before any run: $1 has one video per recording, named by its
# id, and so will $2.
set -e
mkdir -p "$2"
for recording in "$1"/*.mp4; do
  ffmpeg -y -v error -threads 1 -i "$recording" -vf boxblur=12 -threads 1 \
    "$2/$(basename "$recording")"
done
