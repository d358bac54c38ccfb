"""Prints the table of the migration look_alikes: which characters Unicode takes for which (UTS 39), as ICU has it.

Run on Debian 12 with libicu72 (ICU 72.1, Unicode 15.0):

    python3 scripts/confusables.py >> migrations/Migration20261121002100_look_alikes.ts

The server never runs this. A new version of Unicode gets a file and a migration of its own: the rows that are there
go by the one they were written with.
"""

import ctypes

ICU = 72
DEFAULT_IGNORABLE = 5
UNASSIGNED = 0

common = ctypes.CDLL(f'libicuuc.so.{ICU}')
i18n = ctypes.CDLL(f'libicui18n.so.{ICU}')


def function(library, name, result, *arguments):
    found = getattr(library, f'{name}_{ICU}')
    found.restype = result
    found.argtypes = arguments
    return found


Pointer, Int, Text = ctypes.c_void_p, ctypes.c_int32, ctypes.c_char_p
Status = ctypes.POINTER(ctypes.c_int)
spoof_open = function(i18n, 'uspoof_open', Pointer, Status)
spoof_skeleton = function(i18n, 'uspoof_getSkeletonUTF8', Int, Pointer, ctypes.c_uint32, Text, Int, Text, Int, Status)
nfd_instance = function(common, 'unorm2_getNFDInstance', Pointer, Status)
decomposition = function(common, 'unorm2_getDecomposition', Int, Pointer, Int, Pointer, Int, Status)
has_property = function(common, 'u_hasBinaryProperty', ctypes.c_int8, Int, ctypes.c_int)
char_type = function(common, 'u_charType', ctypes.c_int8, Int)
icu_version = function(common, 'u_getVersion', None, Pointer)
unicode_version = function(common, 'u_getUnicodeVersion', None, Pointer)


def checked(call, *arguments):
    status = ctypes.c_int(0)
    result = call(*arguments, ctypes.byref(status))
    if status.value > 0:
        raise RuntimeError(f'ICU error {status.value}')
    return result


def version(call):
    numbers = (ctypes.c_uint8 * 4)()
    call(numbers)
    return f'{numbers[0]}.{numbers[1]}'


CHECKER = checked(spoof_open)
NFD = checked(nfd_instance)


def skeleton(text):
    encoded, buffer = text.encode(), ctypes.create_string_buffer(256)
    length = checked(spoof_skeleton, CHECKER, 0, encoded, len(encoded), buffer, len(buffer))
    return buffer.raw[:length].decode()


def is_decomposed(code_point):
    buffer = (ctypes.c_uint16 * 32)()
    return checked(decomposition, NFD, code_point, buffer, len(buffer)) < 0


def prototype(code_point):
    # Later versions of UTS 39 leave out what renders as nothing; ICU 72 does not yet.
    if has_property(code_point, DEFAULT_IGNORABLE):
        return ''
    return skeleton(chr(code_point))


characters = {}
for code_point in range(1, 0x110000):
    if 0xD800 <= code_point < 0xE000 or char_type(code_point) == UNASSIGNED or not is_decomposed(code_point):
        continue
    if prototype(code_point) != chr(code_point):
        characters.setdefault(prototype(code_point), []).append(code_point)


def hexadecimal(code_points):
    return ' '.join(f'{code_point:X}' for code_point in code_points)


total = sum(map(len, characters.values()))
print(f"""/**
 * What looks like what: {total} characters of Unicode {version(unicode_version)} that NFD leaves alone. Each line has a prototype, `<`, and the
 * characters that are taken for it, as hexadecimal code points; for those of the first line it is nothing.
 *
 * Made by scripts/confusables.py with ICU {version(icu_version)}. In this file, because commands load a migration as it is in the checkout, where
 * nothing else is built.
 *
 * The data are Unicode's: Copyright (c) 1991-2022 Unicode, Inc., under the Unicode License
 * (https://www.unicode.org/license.txt). Permission is granted, free of charge, to deal in the data files without
 * restriction, provided that this notice appears with all copies. THE DATA FILES ARE PROVIDED "AS IS", WITHOUT WARRANTY
 * OF ANY KIND.
 */
export const CONFUSABLES = `""", end='')
lines = [f'{hexadecimal(map(ord, text))} < {hexadecimal(like)}'.strip() for text, like in sorted(characters.items())]
print('\n'.join(lines) + '`;')
