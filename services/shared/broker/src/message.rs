//! Entries and beats as messages. Pure.

use async_nats::HeaderMap;
use jiff::Timestamp;
use ledger::{CarriedBeat, CarriedEntry};

const POSITION: &str = "Ventanilla-Position";
const HASH: &str = "Ventanilla-Hash";
const SIGNATURE: &str = "Ventanilla-Signature";
const AS_OF: &str = "Ventanilla-As-Of";
const TRACEPARENT: &str = "traceparent";

/// The headers of an entry; its body is the payload.
pub(crate) fn of_entry(entry: &CarriedEntry, traceparent: &str) -> HeaderMap {
    let mut headers = signed(entry.position, &entry.hash, &entry.signature);
    if !traceparent.is_empty() {
        headers.insert(TRACEPARENT, traceparent);
    }
    headers
}

/// The headers of a beat, which has no payload.
pub(crate) fn of_beat(beat: &CarriedBeat) -> HeaderMap {
    let mut headers = signed(beat.position, &beat.hash, &beat.signature);
    headers.insert(AS_OF, beat.as_of.as_microsecond().to_string());
    headers
}

fn signed(position: i64, hash: &[u8; 32], signature: &[u8]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(POSITION, position.to_string());
    headers.insert(HASH, hex::encode(hash));
    headers.insert(SIGNATURE, hex::encode(signature));
    headers
}

/// The entry of a message; `None` where it is none.
pub(crate) fn entry(headers: Option<&HeaderMap>, payload: &[u8]) -> Option<CarriedEntry> {
    let headers = headers?;
    let (position, hash, signature) = read(headers)?;
    Some(CarriedEntry { position, hash, signature, body: payload.to_vec() })
}

/// The beat of a message; `None` where it is none.
pub(crate) fn beat(headers: Option<&HeaderMap>) -> Option<CarriedBeat> {
    let headers = headers?;
    let (position, hash, signature) = read(headers)?;
    let as_of = Timestamp::from_microsecond(headers.get(AS_OF)?.as_str().parse().ok()?).ok()?;
    Some(CarriedBeat { position, hash, as_of, signature })
}

fn read(headers: &HeaderMap) -> Option<(i64, [u8; 32], Vec<u8>)> {
    let text = |name: &str| headers.get(name).map(|value| value.as_str());
    let position = text(POSITION)?.parse().ok()?;
    let hash = hex::decode(text(HASH)?).ok()?.try_into().ok()?;
    Some((position, hash, hex::decode(text(SIGNATURE)?).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_and_a_beat_are_read_back_as_they_were_written() {
        let carried = CarriedEntry { position: 7, hash: [3; 32], signature: vec![1, 2, 3], body: vec![9, 8] };
        let headers = of_entry(&carried, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        assert_eq!(entry(Some(&headers), &[9, 8]), Some(carried));
        assert_eq!(
            headers.get(TRACEPARENT).unwrap().as_str(),
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        );
        let said = CarriedBeat {
            position: i64::MAX,
            hash: [0xfe; 32],
            as_of: "2026-11-22T10:00:00.123456Z".parse().unwrap(),
            signature: vec![0; 64],
        };
        assert_eq!(beat(Some(&of_beat(&said))), Some(said));
    }

    #[test]
    fn what_somebody_else_put_there_is_no_entry_and_no_beat() {
        let carried = CarriedEntry { position: 7, hash: [3; 32], signature: vec![1], body: Vec::new() };
        let good = of_entry(&carried, "");
        assert_eq!(entry(None, &[]), None);
        assert_eq!(beat(Some(&good)), None, "an entry is no beat");
        for (name, wrong) in [(POSITION, "seven"), (HASH, "03"), (SIGNATURE, "zz")] {
            let mut headers = good.clone();
            headers.insert(name, wrong);
            assert_eq!(entry(Some(&headers), &[]), None, "{name}");
        }
    }
}
