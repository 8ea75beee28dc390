"""A face renderer: identity, valence, view and light in, pixels and exact landmarks out."""

from psychobench.stimuli.faces.frl import frl_points
from psychobench.stimuli.faces.identity import HAIRSTYLES, Identity, View
from psychobench.stimuli.faces.named_points import face_landmarks
from psychobench.stimuli.faces.render import RENDERER_VERSION, render_face
from psychobench.stimuli.faces.training import TrainingFaces, training_faces

__all__ = [
    "HAIRSTYLES",
    "RENDERER_VERSION",
    "Identity",
    "TrainingFaces",
    "View",
    "face_landmarks",
    "frl_points",
    "render_face",
    "training_faces",
]
