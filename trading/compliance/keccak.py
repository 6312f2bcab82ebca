"""Keccak-256 as Ethereum uses it: the padding of 2011, not that of SHA-3. Source: the Keccak reference, version 3."""

_ROUNDS, _RATE, _MASK = 24, 136, (1 << 64) - 1


def keccak_256(data: bytes) -> bytes:
    """Return the 32 bytes of the Keccak-256 hash of `data`."""
    padded = bytearray(data) + b"\x01" + b"\x00" * (-(len(data) + 1) % _RATE)
    padded[-1] |= 0x80
    state = [0] * 25
    for start in range(0, len(padded), _RATE):
        for lane in range(_RATE // 8):
            state[lane] ^= int.from_bytes(padded[start + 8 * lane : start + 8 * lane + 8], "little")
        state = _permuted(state)
    return b"".join(lane.to_bytes(8, "little") for lane in state[:4])


def _permuted(state: list[int]) -> list[int]:
    """Return keccak-f[1600] of 25 lanes, the lane of column x and row y at x + 5 y."""
    register = 1
    for _ in range(_ROUNDS):
        columns = [state[x] ^ state[x + 5] ^ state[x + 10] ^ state[x + 15] ^ state[x + 20] for x in range(5)]
        spread = [columns[x - 1] ^ _turned(columns[(x + 1) % 5], 1) for x in range(5)]
        state = [lane ^ spread[place % 5] for place, lane in enumerate(state)]
        x, y, moving = 1, 0, state[1]
        for step in range(24):
            x, y = y, (2 * x + 3 * y) % 5
            state[x + 5 * y], moving = _turned(moving, (step + 1) * (step + 2) // 2), state[x + 5 * y]
        for row in range(0, 25, 5):
            lanes = state[row : row + 5]
            state[row : row + 5] = [lanes[x] ^ (~lanes[(x + 1) % 5] & _MASK & lanes[(x + 2) % 5]) for x in range(5)]
        for bit in range(7):
            register = (register << 1) ^ ((register >> 7) * 0x171)
            if register & 2:
                state[0] ^= 1 << ((1 << bit) - 1)
    return state


def _turned(lane: int, by: int) -> int:
    return ((lane << by % 64) | (lane >> (64 - by % 64))) & _MASK
