package piroguetest

// RecordingKeys is the key ring under which the histories of the replay test are
// recorded. It guards nothing else.
const RecordingKeys = "recording:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
