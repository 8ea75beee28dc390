"""Landmarks of faces in photographs, found offline by MediaPipe's face mesh."""
