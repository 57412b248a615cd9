package piroguetest

// RecordingKeys is the key ring of the recorded histories that the replay test reads. It
// guards nothing else, so it may stand in the source.
const RecordingKeys = "recording:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
