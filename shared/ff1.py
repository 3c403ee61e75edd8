"""FF1, the format-preserving encryption of NIST SP 800-38G: a keyed permutation of all strings of one length.

Ten Feistel rounds over AES. For strings that a code needs (a round's number fits one AES block) everything but that
number is the same in every call, so the constructor computes it once and a round costs one AES block.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

_ROUNDS = 10
_BLOCK = 16
_DOMAIN_MIN = 1_000_000  # SP 800-38G Rev. 1: smaller sets of strings can be tabulated by an attacker


class FF1:
    """The permutation of one key, radix, length and tweak.

    `encrypt` and `decrypt` take symbols (0 .. radix-1), most significant first, as the standard writes them;
    `encrypt_number` and `decrypt_number` do the same to the number that these symbols spell.
    """

    def __init__(self, key: bytes, *, radix: int, length: int, tweak: bytes = b"") -> None:
        if not 2 <= radix <= 36:
            raise ValueError("the radix must lie between 2 and 36")
        if length < 2 or radix**length < _DOMAIN_MIN:
            raise ValueError("a permutation of so few strings is not safe")
        self._radix, self._length = radix, length
        left, right = length // 2, length - length // 2
        self._moduli: tuple[int, int] = (radix**left, radix**right)
        number_bytes = ((self._moduli[1] - 1).bit_length() + 7) // 8  # the standard's b
        output_bytes = 4 * ((number_bytes + 3) // 4) + 4  # the standard's d
        if output_bytes > _BLOCK:
            raise ValueError("strings of this length need more than one AES block a round")
        self._shift = 8 * (_BLOCK - output_bytes)
        # Single blocks are what FF1 is built of; nothing is ever encrypted in ECB mode.
        self._aes = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305
        self._starts = self._round_starts(tweak, number_bytes, left)

    def _round_starts(self, tweak: bytes, number_bytes: int, left: int) -> tuple[int, ...]:
        """For each round, the CBC-MAC of all that comes before its number, ready to be XORed with it."""
        head = bytes([1, 2, 1]) + self._radix.to_bytes(3, "big") + bytes([_ROUNDS, left % 256])
        head += self._length.to_bytes(4, "big") + len(tweak).to_bytes(4, "big")
        padded = head + tweak + bytes((-len(tweak) - number_bytes - 1) % _BLOCK)
        whole = len(padded) // _BLOCK * _BLOCK  # the last block still lacks the round and its number
        state = 0
        for start in range(0, whole, _BLOCK):
            state = self._block(state ^ int.from_bytes(padded[start : start + _BLOCK], "big"))
        last = int.from_bytes(padded[whole:].ljust(_BLOCK, b"\0"), "big")
        return tuple(state ^ last ^ number << 8 * number_bytes for number in range(_ROUNDS))

    def _block(self, block: int) -> int:
        return int.from_bytes(self._aes.update(block.to_bytes(_BLOCK, "big")), "big")

    def encrypt_number(self, number: int) -> int:
        """Where the permutation sends a number below radix ** length."""
        low, high = self._moduli
        update, shift = self._aes.update, self._shift
        a, b = self._halves(number)
        for index, start in enumerate(self._starts):
            output = int.from_bytes(update((start ^ b).to_bytes(_BLOCK, "big")), "big") >> shift
            a, b = b, (a + output) % (high if index & 1 else low)
        return a * high + b

    def decrypt_number(self, number: int) -> int:
        """The number that `encrypt_number` sends here."""
        low, high = self._moduli
        update, shift = self._aes.update, self._shift
        a, b = self._halves(number)
        for index in range(_ROUNDS - 1, -1, -1):
            output = int.from_bytes(update((self._starts[index] ^ a).to_bytes(_BLOCK, "big")), "big") >> shift
            a, b = (b - output) % (high if index & 1 else low), a
        return a * high + b

    def _halves(self, number: int) -> tuple[int, int]:
        left, right = divmod(number, self._moduli[1])
        if not 0 <= left < self._moduli[0]:
            raise ValueError("the number has more symbols than the permutation")
        return left, right

    def encrypt(self, symbols: Sequence[int]) -> tuple[int, ...]:
        """The symbols that stand for these symbols."""
        return self._spell(self.encrypt_number(self._number(symbols)))

    def decrypt(self, symbols: Sequence[int]) -> tuple[int, ...]:
        """The symbols that `encrypt` turned into these."""
        return self._spell(self.decrypt_number(self._number(symbols)))

    def _number(self, symbols: Sequence[int]) -> int:
        if len(symbols) != self._length or not all(0 <= symbol < self._radix for symbol in symbols):
            raise ValueError(f"{self._length} symbols below {self._radix} are needed")
        return spelt(symbols, self._radix)

    def _spell(self, number: int) -> tuple[int, ...]:
        symbols = []
        for _ in range(self._length):
            number, symbol = divmod(number, self._radix)
            symbols.append(symbol)
        return tuple(reversed(symbols))


def spelt(symbols: Iterable[int], radix: int) -> int:
    """The number that these symbols spell, most significant first."""
    number = 0
    for symbol in symbols:
        number = number * radix + symbol
    return number
