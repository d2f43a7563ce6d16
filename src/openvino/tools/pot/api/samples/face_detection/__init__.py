"""POT's sample of face detection: the three networks of MTCNN, quantized together."""
