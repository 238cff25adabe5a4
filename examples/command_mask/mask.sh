#!/bin/sh
# Any program will do that reads a video ($1) and writes one ($2) with as many frames at the same
# rate.
exec ffmpeg -y -v error -threads 1 -i "$1" -vf boxblur=12 -threads 1 "$2"
