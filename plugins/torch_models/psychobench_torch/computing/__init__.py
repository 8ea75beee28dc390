"""Where networks compute: devices, processes, and images that are read before they are due."""
