"""Find the landmarks of a face in an image."""

from __future__ import annotations

from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

_MOST_FACES = 4  # enough to tell that there are several


class Detector:
    """MediaPipe's face mesh with irises: 478 points, from 5 to 10 ms a face once it is loaded.

    References
    ----------
    .. [1] Kartynnik, Y., Ablavatski, A., Grishchenko, I., & Grundmann, M. (2019). Real-time facial
       surface geometry from monocular video on mobile GPUs. arXiv:1907.06724.
    """

    def __init__(self) -> None:
        from mediapipe.python.solutions.face_mesh import FaceMesh

        self._mesh: Any = FaceMesh(
            static_image_mode=True, max_num_faces=_MOST_FACES, refine_landmarks=True
        )

    def __enter__(self) -> Detector:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._mesh.close()

    def find(self, image: NDArray[np.uint8]) -> list[NDArray[np.float64]]:
        """Return the landmarks of each face in an RGB image, the largest face first.

        Returns
        -------
        list of ndarray of float64, shape (478, 2)
            In pixels from the top left corner, x to the right and y down. A face that is cut off
            has points outside the image.
        """
        found = self._mesh.process(np.ascontiguousarray(image)).multi_face_landmarks or []
        size = np.array([image.shape[1], image.shape[0]], dtype=float)
        faces = [np.array([(p.x, p.y) for p in face.landmark]) * size for face in found]
        return sorted(faces, key=lambda points: -float(np.prod(np.ptp(points, axis=0))))
