"""Reads PDF files with nothing but Python's standard library and tells as JSON what they hold.

It knows nothing of how they were made: objects by the cross-reference table, glyphs by the fonts' ToUnicode and widths,
attachments by the name tree, claims by the XMP packet. usage: read.py FILE...
"""
import json, re, sys, zlib
import xml.etree.ElementTree as ET

TOKEN = re.compile(rb'\s*(?:(<<|>>|\[|\])|\(|<([0-9A-Fa-f\s]*)>|(/[^\s()<>\[\]{}/%]*)|(\d+ \d+ R)(?![\w])|([-+]?\d*\.?\d+)|([A-Za-z\'"*]+\d?))')
ESCAPES = {b'n': 10, b'r': 13, b't': 9, b'b': 8, b'f': 12}


class Name(str):
    pass


class Ref(int):
    pass


class Operator(str):
    pass


def literal(data, at):
    out, depth = bytearray(), 1
    while True:
        byte = data[at:at + 1]
        at += 1
        if byte == b'\\':
            byte = data[at:at + 1]
            octal = re.compile(rb'[0-7]{1,3}').match(data, at)
            if octal:
                out.append(int(octal.group(), 8) & 255)
                at = octal.end()
                continue
            out.append(ESCAPES.get(byte, byte[0]))
            at += 1
            continue
        depth += (byte == b'(') - (byte == b')')
        if not depth:
            return bytes(out), at
        out += byte


def parse(data, at=0, end=None):
    """Yields what stands in data one by one, until its end or the word `end`."""
    stack, length = [], len(data)
    while at < length:
        match = TOKEN.match(data, at)
        if not match:
            assert not data[at:].strip(), data[at:at + 40]
            return
        at = match.end()
        bracket, string, name, ref, number, word = match.groups()
        if bracket in (b'<<', b'['):
            stack.append((bracket, []))
            continue
        if bracket:
            _, items = stack.pop()
            value = dict(zip(items[::2], items[1::2])) if bracket == b'>>' else items
        elif string is not None:
            value = bytes.fromhex(string.decode())
        elif name:
            value = Name(re.sub('#(..)', lambda code: chr(int(code[1], 16)), name[1:].decode()))
        elif ref:
            value = Ref(ref.split()[0])
        elif number:
            value = float(number)
        elif word:
            if word.decode() == end:
                return
            value = {b'true': True, b'false': False}.get(word, Operator(word.decode()))
        else:
            value, at = literal(data, at)
        if stack:
            stack[-1][1].append(value)
        else:
            yield value


def string(value):
    return value[2:].decode('utf-16-be') if value[:2] == b'\xfe\xff' else value.decode('latin-1')


class File:
    def __init__(self, data):
        self.data = data
        start = int(re.search(rb'startxref\s+(\d+)\s+%%EOF\s*$', data)[1])
        count = int(re.compile(rb'xref\s+0 (\d+)\s+').match(data, start)[1])
        entries = re.findall(rb'(\d{10}) \d{5} ([nf])', data[start:])
        assert len(entries) == count
        self.offsets = {at: int(offset) for at, (offset, kind) in enumerate(entries) if kind == b'n'}
        self.trailer = next(parse(data, data.index(b'trailer', start) + 7, 'startxref'))
        self.root = self.get(self.trailer['Root'])

    def get(self, value):
        if not isinstance(value, Ref):
            return value
        return next(parse(self.data, self.body(value), 'stream'))

    def body(self, ref):
        return re.compile(rb'%d 0 obj\s' % ref).match(self.data, self.offsets[ref]).end()

    def stream(self, ref):
        head = self.get(ref)
        start = re.compile(rb'stream\r?\n').search(self.data, self.body(ref)).end()
        raw = self.data[start:start + int(head['Length'])]
        return zlib.decompress(raw) if head.get('Filter') == 'FlateDecode' else raw


class Font:
    def __init__(self, file, font):
        below = file.get(file.get(font['DescendantFonts'])[0])
        assert 'FontFile2' in file.get(below['FontDescriptor']), 'not embedded'
        self.widths, widths, at = {}, file.get(below['W']), 0
        while at < len(widths):
            first, then = int(widths[at]), widths[at + 1]
            if isinstance(then, list):
                self.widths.update((first + more, width) for more, width in enumerate(then))
                at += 2
            else:
                self.widths.update((cid, widths[at + 2]) for cid in range(first, int(then) + 1))
                at += 3
        self.default = below.get('DW', 1000.0)
        cmap = file.stream(font['ToUnicode'])
        pairs = re.findall(rb'<([0-9A-F]{4})> <([0-9A-F]+)>\r?\n', cmap)
        assert b'beginbfrange' not in cmap
        self.unicode = {int(cid, 16): bytes.fromhex(text.decode()).decode('utf-16-be') for cid, text in pairs}


def page(file, page):
    resources = file.get(page['Resources'])
    fonts = {name: Font(file, file.get(font)) for name, font in file.get(resources['Font']).items()}
    lines, tags, operands, font, size = [], [], [], None, 0.0
    for token in parse(file.stream(page['Contents'])):
        if not isinstance(token, Operator):
            operands.append(token)
            continue
        if token in ('BDC', 'BMC'):
            properties = operands[1] if token == 'BDC' else {}
            tags.append((operands[0], properties))
            if len(tags) == 1:
                mcid = properties.get('MCID')
                lines.append({'text': '', 'mcid': mcid, 'left': 1e9, 'right': -1e9, 'top': 1e9, 'bottom': -1e9})
            if 'ActualText' in properties:
                lines[-1]['text'] += string(properties['ActualText'])
        elif token == 'EMC':
            tags.pop()
        elif token == 'Tf':
            font, size = fonts[operands[0]], operands[1]
        elif token == 'Tm':
            assert operands[:4] == [1, 0, 0, -1], 'text is upright'
            x, y = operands[4:]
        elif token in ('Tj', 'TJ'):
            line = lines[-1]
            said = any('ActualText' in properties for _, properties in tags)
            backward = any(name == 'ReversedChars' for name, _ in tags)
            text = []
            for item in operands[0] if token == 'TJ' else operands:
                if isinstance(item, float):
                    x -= item / 1000 * size
                    continue
                for at in range(0, len(item), 2):
                    cid = int.from_bytes(item[at:at + 2], 'big')
                    assert cid, '.notdef'
                    text.append(font.unicode[cid])
                    advance = font.widths.get(cid, font.default) / 1000 * size
                    if text[-1].strip():
                        line['left'], line['right'] = min(line['left'], x), max(line['right'], x + advance)
                    x += advance
            line['top'], line['bottom'] = min(line['top'], y - size), max(line['bottom'], y)
            if not said:
                line['text'] += ''.join(reversed(text) if backward else text)
        operands = []
    assert not tags
    return [line for line in lines if line['text']]


def structure(file, ref, parent_pages):
    """The tags that have content of their own in reading order, each with the places of that content."""
    element = file.get(ref)
    kids = element.get('K', [])
    own, out = [], []
    for kid in kids if isinstance(kids, list) else [kids]:
        kid_page = element.get('Pg')
        if isinstance(kid, dict):
            kid_page, kid = kid['Pg'], kid['MCID']
        if isinstance(kid, float):
            own.append([parent_pages[kid_page], int(kid)])
        else:
            out += structure(file, kid, parent_pages)
    return ([[element.get('S'), own]] if own else []) + out


def read(path):
    file = File(open(path, 'rb').read())
    root = file.root
    refs = file.get(root['Pages'])['Kids']
    names = file.get(file.get(root['Names'])['EmbeddedFiles'])['Names'] if 'Names' in root else []
    attached = {}
    for spec in map(file.get, names[1::2]):
        head = file.get(spec['EF']['F'])
        attached[string(spec['UF'])] = {
            'hex': file.stream(spec['EF']['F']).hex(), 'description': string(spec['Desc']),
            'media_type': head['Subtype'], 'relationship': spec['AFRelationship'],
            'associated': names[1] in file.get(root['AF']) if 'AF' in root else False,
        }
    outline, node = [], file.get(root['Outlines']).get('First')
    while node:
        outline.append(string(file.get(node)['Title']))
        node = file.get(node).get('Next')
    xmp = ET.fromstring(file.stream(root['Metadata']).decode())
    claim = lambda kind, key: next((tag.text for tag in xmp.iter('{http://www.aiim.org/pdf%s/ns/id/}%s' % (kind, key))), None)
    pages = [page(file, file.get(ref)) for ref in refs]
    said = {(at, line['mcid']): line['text'] for at, lines in enumerate(pages) for line in lines if line['mcid'] is not None}
    tags = structure(file, file.get(root['StructTreeRoot'])['K'][0], {ref: at for at, ref in enumerate(refs)})
    parts = [[tag, ''.join(said.pop((at, mcid)) for at, mcid in own)] for tag, own in tags]
    assert not said, 'every text that is no furniture has one tag'
    return {
        'language': string(root['Lang']), 'archive': (claim('a', 'part') or '') + (claim('a', 'conformance') or ''),
        'accessible': claim('ua', 'part'), 'info': {key: string(value) for key, value in file.get(file.trailer['Info']).items()},
        'title': ''.join(next(iter(xmp.iter('{http://purl.org/dc/elements/1.1/}title'))).itertext()).strip(),
        'outline': outline, 'attached': attached, 'parts': parts, 'pages': pages,
    }


json.dump([read(path) for path in sys.argv[1:]], sys.stdout)
