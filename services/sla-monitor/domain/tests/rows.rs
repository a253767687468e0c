//! Every row of law that is shipped, one by one: what it says, and for each that has a term an instant it leads to, counted by hand from
//! the words of the law on a paper calendar, and once more with another program, before the code was run.

use std::collections::BTreeSet;

use jiff::Timestamp;
use ventanilla_sla_monitor_domain::catalogue::Switches;
use ventanilla_sla_monitor_domain::clock::Terms;
use ventanilla_sla_monitor_domain::proof::preview;
use ventanilla_sla_monitor_domain::rule::{Evidence, Kind, Standing};
use ventanilla_sla_monitor_domain::{Catalogue, Entry, Happening, State, replay};

use Evidence::{Interpreted, Recalled, Secondary, Verified};

/// A row with a term.
struct Row {
    id: &'static str,
    place: &'static str,
    term: &'static str,
    evidence: Evidence,
    /// First day in force; empty where the source states none.
    from: &'static str,
    /// Part of the citation.
    cites: &'static str,
    calendar: &'static str,
    start: &'static str,
    due: &'static str,
    /// How it is counted, for who does it again.
    counted: &'static str,
}

#[rustfmt::skip]
const ROWS: &[Row] = &[
    Row { id: "es.l10-2025.17-1.resolve", place: "ES", term: "15bd", evidence: Verified, from: "2025-12-28", cites: "Ley 10/2025, art. 17.1",
        calendar: "es.madrid", start: "2026-03-27T18:30:00+01:00", due: "2026-04-21T21:59:59.999999Z",
        counted: "30 31 1, Maundy Thursday and Good Friday off, 6 to 10, 13 to 17, 20 21 April" },
    Row { id: "es.l10-2025.17-2.continuity", place: "ES", term: "2h", evidence: Verified, from: "2025-12-28", cites: "art. 17.2",
        calendar: "es.madrid", start: "2026-03-29T01:30:00+01:00", due: "2026-03-29T02:30:00Z",
        counted: "two hours, over the hour that summer time takes out" },
    Row { id: "es.l10-2025.17-3.billing", place: "ES", term: "5cd", evidence: Interpreted, from: "2025-12-28", cites: "art. 17.3",
        calendar: "es.national", start: "2026-12-23T12:00:00+01:00", due: "2026-12-28T22:59:59.999999Z",
        counted: "24 to 28, Christmas and the weekend counted" },
    Row { id: "es.l10-2025.13-3.cure", place: "ES", term: "10bd", evidence: Verified, from: "2025-12-28", cites: "art. 13.3",
        calendar: "es.madrid", start: "2026-11-30T09:00:00+01:00", due: "2026-12-16T22:59:59.999999Z",
        counted: "1 to 4, 7 and 8 off, 9 10 11, 14 15 16 December" },
    Row { id: "es.l10-2025.8-2.human", place: "ES", term: "3min", evidence: Verified, from: "2025-12-28", cites: "art. 8.2",
        calendar: "es.madrid", start: "2026-10-25T02:59:00+02:00", due: "2026-10-25T01:02:00Z",
        counted: "three minutes, into the repeated hour" },
    Row { id: "es.l10-2025.10-3.call", place: "ES", term: "3min", evidence: Verified, from: "2025-12-28", cites: "art. 10.3",
        calendar: "es.madrid", start: "2026-06-01T10:00:00+02:00", due: "2026-06-01T08:03:00Z",
        counted: "three minutes" },
    Row { id: "es.l10-2025.8-3.supervisor", place: "ES", term: "3min", evidence: Verified, from: "2025-12-28", cites: "art. 8.3",
        calendar: "es.madrid", start: "2026-12-31T23:58:30+01:00", due: "2026-12-31T23:01:30Z",
        counted: "three minutes, over midnight" },
    Row { id: "es.trlgdcu.21-3", place: "ES", term: "15cd", evidence: Interpreted, from: "2025-12-28", cites: "art. 21.3",
        calendar: "es.national", start: "2026-02-20T10:00:00+01:00", due: "2026-03-07T22:59:59.999999Z",
        counted: "eight of February, seven of March; a Saturday, and it stays there" },
    Row { id: "es.fin.29septies-1.decide", place: "ES", term: "1mo", evidence: Verified, from: "2025-12-28", cites: "art. 29 bis.3 y 29 septies.1",
        calendar: "es.madrid", start: "2026-03-31T09:00:00+02:00", due: "2026-04-30T21:59:59.999999Z",
        counted: "April has no 31st" },
    Row { id: "es.fin.pay.decide", place: "ES", term: "15bd", evidence: Verified, from: "", cites: "RDL 19/2018, art. 69",
        calendar: "es.madrid", start: "2026-04-24T09:00:00+02:00", due: "2026-05-19T21:59:59.999999Z",
        counted: "27 to 30, 1 May off, 4 to 8, 11 to 14, San Isidro off, 18 19 May" },
    Row { id: "es.fin.29quater-2.cure", place: "ES", term: "10cd", evidence: Interpreted, from: "2025-12-28", cites: "art. 29 quater.2",
        calendar: "es.madrid", start: "2026-07-25T09:00:00+02:00", due: "2026-08-04T21:59:59.999999Z",
        counted: "six of July, four of August" },
    Row { id: "es.fin.29quater-4.alleg", place: "ES", term: "10cd", evidence: Interpreted, from: "2025-12-28", cites: "art. 29 quater.4",
        calendar: "es.madrid", start: "2026-02-19T09:00:00+01:00", due: "2026-03-01T22:59:59.999999Z",
        counted: "nine of February, one of March; a Sunday, and it stays there" },
    Row { id: "es.fin.29septies-3.notify", place: "ES", term: "10cd", evidence: Verified, from: "2025-12-28", cites: "art. 29 septies.3",
        calendar: "es.madrid", start: "2026-10-20T10:00:00+02:00", due: "2026-10-30T22:59:59.999999Z",
        counted: "the day ends by winter time" },
    Row { id: "es.fin.30.access", place: "ES", term: "1mo", evidence: Verified, from: "2025-12-28", cites: "art. 30.3.a",
        calendar: "es.madrid", start: "2026-01-29T10:00:00+01:00", due: "2026-02-28T22:59:59.999999Z",
        counted: "February has no 29th in 2026" },
    Row { id: "es.fin.30.regulator", place: "ES", term: "90cd", evidence: Verified, from: "2025-12-28", cites: "art. 30.3.b",
        calendar: "es.madrid", start: "2026-01-15T10:00:00+01:00", due: "2026-04-15T21:59:59.999999Z",
        counted: "16 of January, 28, 31, and 15 of April" },
    Row { id: "es.fin.30.rectify", place: "ES", term: "1mo", evidence: Verified, from: "2025-12-28", cites: "art. 30.3.c",
        calendar: "es.madrid", start: "2026-05-31T10:00:00+02:00", due: "2026-06-30T21:59:59.999999Z",
        counted: "June has no 31st" },
    Row { id: "es.fin.eco734-15.decide", place: "ES", term: "2mo", evidence: Verified, from: "2004-07-24", cites: "Orden ECO/734/2004, art. 10.3, 12.2 y 15.1",
        calendar: "es.madrid", start: "2025-07-31T10:00:00+02:00", due: "2025-09-30T21:59:59.999999Z",
        counted: "September has no 31st" },
    Row { id: "es.bde.open", place: "ES", term: "10bd", evidence: Secondary, from: "", cites: "Banco de España",
        calendar: "es.national", start: "2026-01-02T10:00:00+01:00", due: "2026-01-19T22:59:59.999999Z",
        counted: "5, Epiphany off, 7 8 9, 12 to 16, 19 January" },
    Row { id: "es.adr.20.result", place: "ES", term: "90cd", evidence: Verified, from: "", cites: "Ley 7/2017, art. 20",
        calendar: "es.national", start: "2026-06-30T10:00:00+02:00", due: "2026-09-28T21:59:59.999999Z",
        counted: "31 of July, 31 of August, 28 of September" },
    Row { id: "es.adr.18.refuse", place: "ES", term: "21cd", evidence: Verified, from: "", cites: "art. 18.3",
        calendar: "es.national", start: "2026-10-10T10:00:00+02:00", due: "2026-10-31T22:59:59.999999Z",
        counted: "the day ends by winter time" },
    Row { id: "es.adr.18-1.exhaust", place: "ES", term: "1mo", evidence: Verified, from: "", cites: "art. 18.1.a y e",
        calendar: "es.national", start: "2026-08-31T10:00:00+02:00", due: "2026-09-30T21:59:59.999999Z",
        counted: "September has no 31st" },
    Row { id: "es.adr.14.reflect", place: "ES", term: "3bd", evidence: Verified, from: "", cites: "art. 14.2",
        calendar: "es.canarias", start: "2026-05-28T23:30:00+01:00", due: "2026-06-02T22:59:59.999999Z",
        counted: "29 May, 1 and 2 June; already the 29th in Madrid" },
    Row { id: "eu.gdpr.12-3", place: "EU", term: "1mo", evidence: Secondary, from: "", cites: "art. 12.3",
        calendar: "es.national", start: "2026-12-31T10:00:00+01:00", due: "2027-01-31T22:59:59.999999Z",
        counted: "a Sunday, and it stays there" },
    Row { id: "eu.adr.revised.reply", place: "EU", term: "20bd", evidence: Recalled, from: "", cites: "2013/11/UE",
        calendar: "ie", start: "2026-03-13T10:00:00Z", due: "2026-04-14T22:59:59.999999Z",
        counted: "16, St Patrick off, 18 19 20, 23 to 27, 30 to 3 with Good Friday, Easter Monday off, 7 to 10, 13 14 April" },
    Row { id: "uk.disp.1-5.src", place: "GB", term: "3bd", evidence: Verified, from: "", cites: "DISP 1.5",
        calendar: "gb.england", start: "2026-04-02T16:00:00+01:00", due: "2026-04-09T22:59:59.999999Z",
        counted: "Good Friday and Easter Monday off, 7 8 9 April" },
    Row { id: "uk.disp.1-6-2.final", place: "GB", term: "8w", evidence: Verified, from: "", cites: "DISP 1.6.2R",
        calendar: "gb.england", start: "2026-04-02T16:00:00+01:00", due: "2026-05-28T22:59:59.999999Z",
        counted: "28 of April, 28 of May, Easter and all" },
    Row { id: "uk.disp.1-6-2A.psd", place: "GB", term: "15bd", evidence: Verified, from: "", cites: "DISP 1.6.2AR",
        calendar: "gb.scotland", start: "2026-12-16T10:00:00Z", due: "2027-01-12T23:59:59.999999Z",
        counted: "17 18, 21 to 24, 25 and 28 off, 29 30 31, 1 and 4 January off, 5 to 8, 11 12" },
    Row { id: "uk.disp.2-8.refer", place: "GB", term: "6mo", evidence: Verified, from: "", cites: "DISP 2.8.2R",
        calendar: "gb.england", start: "2026-08-31T10:00:00+01:00", due: "2027-02-28T23:59:59.999999Z",
        counted: "February has no 31st" },
    Row { id: "uk.disp.1-9.keep", place: "GB", term: "3y", evidence: Secondary, from: "", cites: "DISP 1.9",
        calendar: "gb.england", start: "2028-02-29T10:00:00Z", due: "2031-02-28T23:59:59.999999Z",
        counted: "February has no 29th in 2031" },
    Row { id: "co.dcf.competence", place: "CO", term: "3bd", evidence: Secondary, from: "", cites: "Decreto 2281/2010, art. 5",
        calendar: "co", start: "2026-06-04T10:00:00-05:00", due: "2026-06-11T04:59:59.999999Z",
        counted: "5, Corpus Christi off on the 8th, 9 10 June" },
    Row { id: "co.dcf.info", place: "CO", term: "8bd", evidence: Secondary, from: "", cites: "Decreto 2281/2010, art. 5",
        calendar: "co", start: "2026-07-15T10:00:00-05:00", due: "2026-07-29T04:59:59.999999Z",
        counted: "16 17, 20 off, 21 to 24, 27 28 July" },
    Row { id: "co.dcf.entity", place: "CO", term: "8bd", evidence: Secondary, from: "", cites: "Superfinanciera 2016009961",
        calendar: "co", start: "2026-08-03T10:00:00-05:00", due: "2026-08-15T04:59:59.999999Z",
        counted: "4 5 6, 7 off, 10 to 14 August" },
    Row { id: "co.dcf.decide", place: "CO", term: "8bd", evidence: Recalled, from: "", cites: "defensores",
        calendar: "co", start: "2026-10-09T10:00:00-05:00", due: "2026-10-23T04:59:59.999999Z",
        counted: "12 off, 13 to 16, 19 to 22 October" },
    Row { id: "co.dcf.rectify", place: "CO", term: "3bd", evidence: Secondary, from: "", cites: "2.34.2.1.5",
        calendar: "co", start: "2026-12-03T10:00:00-05:00", due: "2026-12-10T04:59:59.999999Z",
        counted: "4, 7, 8 off, 9 December" },
    Row { id: "mx.une.answer", place: "MX", term: "30bd", evidence: Secondary, from: "", cites: "art. 50 Bis",
        calendar: "mx", start: "2026-08-31T10:00:00-06:00", due: "2026-10-14T05:59:59.999999Z",
        counted: "1 to 4, 7 to 11, 14 15, 16 off, 17 18, 21 to 25, 28 to 2, 5 to 9, 12 13 October" },
    Row { id: "pe.libro.answer", place: "PE", term: "15bd", evidence: Secondary, from: "2022-05-01", cites: "Ley 31435",
        calendar: "pe", start: "2026-07-20T10:00:00-05:00", due: "2026-08-15T04:59:59.999999Z",
        counted: "21 22, 23 off, 24, 27, 28 29 off, 30 31, 3 4 5, 6 off, 7, 10 to 14 August" },
    Row { id: "cl.sernac.56.answer", place: "CL", term: "10bd", evidence: Secondary, from: "", cites: "Ley 19.496, art. 56",
        calendar: "cl", start: "2026-09-11T10:00:00-03:00", due: "2026-09-29T02:59:59.999999Z",
        counted: "14 to 17, 18 off, 21 to 25, 28 September" },
    Row { id: "cl.sernac.56.comply", place: "CL", term: "5bd", evidence: Secondary, from: "", cites: "Ley 19.496, art. 56",
        calendar: "cl", start: "2026-04-01T10:00:00-03:00", due: "2026-04-10T03:59:59.999999Z",
        counted: "2, Good Friday off, 6 to 9 April; the day ends by winter time" },
    Row { id: "cl.sernac.case", place: "CL", term: "18bd", evidence: Secondary, from: "", cites: "SERNAC",
        calendar: "cl", start: "2026-05-14T10:00:00-04:00", due: "2026-06-11T03:59:59.999999Z",
        counted: "15, 18 19 20, 21 off, 22, 25 to 29, 1 to 5, 8 9 10 June" },
    Row { id: "us.cfpb.answer", place: "US", term: "15cd", evidence: Secondary, from: "", cites: "CFPB",
        calendar: "us", start: "2026-10-25T10:00:00-04:00", due: "2026-11-10T04:59:59.999999Z",
        counted: "six of October, nine of November; the day ends by winter time" },
    Row { id: "au.rg271.ack", place: "AU", term: "24h", evidence: Secondary, from: "", cites: "ASIC RG 271",
        calendar: "au.nsw", start: "2026-04-04T20:00:00+11:00", due: "2026-04-05T09:00:00Z",
        counted: "a day of hours, nineteen o'clock by the changed clock" },
    Row { id: "au.rg271.idr", place: "AU", term: "30cd", evidence: Secondary, from: "", cites: "ASIC RG 271",
        calendar: "au.vic", start: "2026-03-20T09:00:00+11:00", due: "2026-04-19T13:59:59.999999Z",
        counted: "11 of March, 19 of April" },
    Row { id: "au.rg271.short", place: "AU", term: "5bd", evidence: Secondary, from: "", cites: "ASIC RG 271",
        calendar: "au.nsw", start: "2026-04-02T10:00:00+11:00", due: "2026-04-13T13:59:59.999999Z",
        counted: "Good Friday and Easter Monday off, 7 to 10, 13 April" },
    Row { id: "ie.cpc", place: "IE", term: "5bd", evidence: Recalled, from: "", cites: "Consumer Protection Code",
        calendar: "ie", start: "2026-10-22T10:00:00+01:00", due: "2026-10-30T23:59:59.999999Z",
        counted: "23, 26 off, 27 to 30 October" },
    Row { id: "je-gg.cifo", place: "JE/GG", term: "3mo", evidence: Secondary, from: "", cites: "Channel Islands",
        calendar: "je", start: "2026-11-30T10:00:00Z", due: "2027-02-28T23:59:59.999999Z",
        counted: "February has no 30th" },
    // Second numbers of rows above.
    Row { id: "es.bde.firm", place: "ES", term: "15bd", evidence: Secondary, from: "", cites: "Banco de España",
        calendar: "es.national", start: "2026-05-04T10:00:00+02:00", due: "2026-05-25T21:59:59.999999Z",
        counted: "5 to 8, 11 to 15, 18 to 22, 25 May" },
    Row { id: "es.bde.claimant", place: "ES", term: "15bd", evidence: Secondary, from: "", cites: "Banco de España",
        calendar: "es.national", start: "2026-09-28T10:00:00+02:00", due: "2026-10-20T21:59:59.999999Z",
        counted: "29 30, 1 2, 5 to 9, 12 off, 13 to 16, 19 20 October" },
    Row { id: "eu.gdpr.12-3.inform", place: "EU", term: "1mo", evidence: Secondary, from: "", cites: "art. 12.3",
        calendar: "es.national", start: "2026-01-31T10:00:00+01:00", due: "2026-02-28T22:59:59.999999Z",
        counted: "February has no 31st" },
    Row { id: "uk.disp.2-8.longstop", place: "GB", term: "6y", evidence: Verified, from: "", cites: "DISP 2.8.2R",
        calendar: "gb.england", start: "2024-02-29T10:00:00Z", due: "2030-02-28T23:59:59.999999Z",
        counted: "February has no 29th in 2030" },
    Row { id: "uk.disp.2-8.knowledge", place: "GB", term: "3y", evidence: Verified, from: "", cites: "DISP 2.8.2R",
        calendar: "gb.england", start: "2026-08-15T10:00:00+01:00", due: "2029-08-15T22:59:59.999999Z",
        counted: "date to date, by summer time" },
    Row { id: "co.dcf.admit", place: "CO", term: "3bd", evidence: Secondary, from: "", cites: "Decreto 2281/2010, art. 5",
        calendar: "co", start: "2026-06-25T10:00:00-05:00", due: "2026-07-02T04:59:59.999999Z",
        counted: "26, St Peter and St Paul off on the 29th, 30, 1 July" },
    Row { id: "co.dcf.notify", place: "CO", term: "1bd", evidence: Secondary, from: "", cites: "defensores",
        calendar: "co", start: "2026-07-17T10:00:00-05:00", due: "2026-07-22T04:59:59.999999Z",
        counted: "a Friday, 20 off, 21 July" },
    Row { id: "co.dcf.rectify.silence", place: "CO", term: "8bd", evidence: Secondary, from: "", cites: "2.34.2.1.5",
        calendar: "co", start: "2026-11-26T10:00:00-05:00", due: "2026-12-10T04:59:59.999999Z",
        counted: "27, 30, 1 to 4, 7, 8 off, 9 December" },
    Row { id: "pe.dcf.wait", place: "PE", term: "15bd", evidence: Secondary, from: "", cites: "Defensor del Cliente",
        calendar: "pe", start: "2026-09-01T10:00:00-05:00", due: "2026-09-23T04:59:59.999999Z",
        counted: "2 3 4, 7 to 11, 14 to 18, 21 22 September" },
    Row { id: "pe.dcf.wait.old", place: "PE", term: "30cd", evidence: Secondary, from: "", cites: "texto anterior",
        calendar: "pe", start: "2026-02-10T10:00:00-05:00", due: "2026-03-13T04:59:59.999999Z",
        counted: "18 of February, 12 of March" },
    Row { id: "us.cfpb.feedback", place: "US", term: "60cd", evidence: Secondary, from: "", cites: "CFPB",
        calendar: "us", start: "2026-09-15T10:00:00-04:00", due: "2026-11-15T04:59:59.999999Z",
        counted: "15 of September, 31 of October, 14 of November; the day ends by winter time" },
    Row { id: "au.rg271.ack.day", place: "AU", term: "1bd", evidence: Secondary, from: "", cites: "ASIC RG 271",
        calendar: "au.nsw", start: "2026-04-02T10:00:00+11:00", due: "2026-04-07T13:59:59.999999Z",
        counted: "Good Friday and Easter Monday off, 7 April by winter time" },
    Row { id: "au.rg271.idr.super", place: "AU", term: "45cd", evidence: Secondary, from: "", cites: "ASIC RG 271",
        calendar: "au.vic", start: "2026-03-20T09:00:00+11:00", due: "2026-05-04T13:59:59.999999Z",
        counted: "11 of March, 30 of April, 4 of May" },
    Row { id: "au.rg271.idr.credit", place: "AU", term: "21cd", evidence: Secondary, from: "", cites: "ASIC RG 271",
        calendar: "au.vic", start: "2026-03-20T09:00:00+11:00", due: "2026-04-10T13:59:59.999999Z",
        counted: "11 of March, 10 of April" },
    Row { id: "ie.cpc.update", place: "IE", term: "20bd", evidence: Recalled, from: "", cites: "Consumer Protection Code",
        calendar: "ie", start: "2026-10-22T10:00:00+01:00", due: "2026-11-20T23:59:59.999999Z",
        counted: "23, 26 off, 27 to 30, 2 to 6, 9 to 13, 16 to 20 November" },
    Row { id: "ie.cpc.target", place: "IE", term: "40bd", evidence: Recalled, from: "", cites: "Consumer Protection Code",
        calendar: "ie", start: "2026-10-22T10:00:00+01:00", due: "2026-12-18T23:59:59.999999Z",
        counted: "twenty more: 23 to 27, 30 to 4, 7 to 11, 14 to 18 December" },
    Row { id: "je-gg.cifo.refer", place: "JE/GG", term: "6mo", evidence: Secondary, from: "", cites: "Channel Islands",
        calendar: "je", start: "2026-08-31T10:00:00+01:00", due: "2027-02-28T23:59:59.999999Z",
        counted: "February has no 31st" },
];

/// Whom Ley 10/2025 binds: basic services at any size, and large companies of every other sector (art. 2).
const BOUND: &[&str] =
    &["general", "basic-services-continuous", "water", "gas", "power", "transport", "post", "ecomms"];
const FINANCE: &[&str] = &["finance"];
const FINANCE_BY_KIND: &[&str] = &["finance", "banking", "insurance", "investment"];
const FINANCE_AND_PAYMENTS: &[&str] = &["finance", "banking", "insurance", "investment", "payment-services"];
const EVERYBODY: &[&str] = &["*"];

/// Whom each row binds, by how its id begins; the first that fits.
#[rustfmt::skip]
const SECTORS: &[(&str, &[&str])] = &[
    // An interruption of a service that is provided continuously: neither transport nor post.
    ("es.l10-2025.17-2.", &["general", "basic-services-continuous", "water", "gas", "power", "ecomms"]),
    // Not for electronic communications (LGTel, art. 65.2), and, as 18, 21 and 22, not for finance (art. 2.5).
    ("es.l10-2025.13-8.", &["general", "basic-services-continuous", "water", "gas", "power", "transport", "post"]),
    ("es.l10-2025.", BOUND),
    ("es.trlgdcu.", EVERYBODY),
    ("es.fin.pay.", &["payment-services"]),
    ("es.fin.29septies-1.decide", FINANCE_BY_KIND),
    ("es.fin.eco734-15.decide", FINANCE_BY_KIND),
    ("es.fin.", FINANCE),
    ("es.bde.", &["banking"]),
    ("es.adr.", &["adr"]),
    ("eu.", EVERYBODY),
    ("uk.disp.1-6-2A.", &["payment-services"]),
    ("uk.disp.", FINANCE_AND_PAYMENTS),
    ("co.dcf.", FINANCE),
    ("mx.une.", FINANCE),
    ("pe.libro.", EVERYBODY),
    ("pe.dcf.", &["banking"]),
    ("cl.sernac.56.", &["finance-with-seal"]),
    ("cl.sernac.case", EVERYBODY),
    ("us.cfpb.", FINANCE),
    ("au.rg271.", FINANCE),
    ("ie.cpc", FINANCE),
    ("je-gg.cifo", FINANCE),
];

/// Of a row whose clock runs until an instant that the office gives.
const UNTIL_TOLD: &str = "";

/// Rows without a term: what they ask for, first day in force, and part of the reason why no clock is started.
#[rustfmt::skip]
const WITHOUT_TERM: &[(&str, &str, &str, &str)] = &[
    ("es.l10-2025.11.key", "tracking_key", "2025-12-28", "during the contact"),
    ("es.l10-2025.12.receipt", "receipt", "2025-12-28", "during the contact"),
    ("es.l10-2025.12.recording", "retain_recording", "2025-12-28", "until the resolution is notified"),
    ("es.l10-2025.13-2.no_expiry_close", "forbid", "2025-12-28", "a ban"),
    ("es.l10-2025.18-2.survey", "forbid", "2025-12-28", "a ban"),
    ("es.l10-2025.13-8.hold", "hold", "2025-12-28", "out-of-court body"),
    ("es.l10-2025.4-4.hold", "hold", "2025-12-28", "related complaint is open"),
    ("es.l10-2025.21.evaluation", "yearly_evaluation", "2025-12-28", "first quarter"),
    ("es.l10-2025.22.audit", "yearly_audit", "2025-12-28", "once a year"),
    ("es.fin.29quinquies.entity", "entity_allegations_to_defensor", "2025-12-28", UNTIL_TOLD),
    ("es.fin.timebar", "admissibility", "2025-12-28", "starts no clock"),
    ("es.fin.eco734-17.report", "annual_report_to_board", "", "first quarter"),
    ("es.adr.23.mandate", "independence", "", "condition on the person"),
    ("uk.disp.1-6-1.ack", "acknowledge", "", "sets no number"),
    ("co.dcf.timebar", "admissibility", "", "secondary source"),
    ("pe.dcf.admit", "admissibility", "", "secondary source"),
];

/// Rules, the ground that makes them longer, the bound, and where it leads when the ground is given five days after the start.
#[rustfmt::skip]
const LONGER: &[(&str, &str, &str, &str, &str)] = &[
    // The month of the law of payments, to a Sunday.
    ("es.fin.pay.decide", "holding_reply", "es.madrid", "2026-04-24T09:00:00+02:00", "2026-05-24T21:59:59.999999Z"),
    // Ninety days and ninety more: 28 September, then 2 of it, 31, 30 and 27 of December.
    ("es.adr.20.result", "reasoned_extension", "es.national", "2026-06-30T10:00:00+02:00", "2026-12-27T22:59:59.999999Z"),
    ("eu.gdpr.12-3", "extension_notice", "es.national", "2026-11-30T10:00:00+01:00", "2027-02-28T22:59:59.999999Z"),
    // Thirty-five business days over Easter: 23 to Maundy Thursday, 7 to 10, 13 to 17, 20 21 22 April.
    ("uk.disp.1-6-2A.psd", "holding_reply", "gb.england", "2026-03-02T10:00:00Z", "2026-04-22T22:59:59.999999Z"),
    ("us.cfpb.answer", "in_progress_notice", "us", "2026-10-25T10:00:00-04:00", "2026-12-25T04:59:59.999999Z"),
];

fn catalogue() -> Catalogue {
    Catalogue::embedded(&Switches::new()).unwrap()
}

fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn every_row_with_a_term_says_what_the_law_says_and_leads_to_the_day_counted_by_hand() {
    let catalogue = catalogue();
    for row in ROWS {
        let Row { id, counted, .. } = row;
        let rule = catalogue.rule(id).unwrap_or_else(|| panic!("{id} is missing"));
        assert_eq!((rule.jurisdiction.as_str(), rule.evidence), (row.place, row.evidence), "{id}");
        assert_eq!(rule.term, Some(row.term.parse().unwrap()), "{id}");
        assert_eq!(rule.from.map(|day| day.to_string()).unwrap_or_default(), row.from, "{id}");
        assert!(rule.citation.contains(row.cites), "{id} cites {}", rule.citation);
        assert!(!rule.starts.is_empty(), "{id} starts with nothing");
        let calendar = catalogue.calendar(row.calendar).unwrap();
        let proof = preview(rule, calendar, instant(row.start)).unwrap();
        assert_eq!(proof.due, Some(instant(row.due)), "{id}: {counted}");
    }
}

#[test]
fn every_row_without_a_term_is_there_and_says_why_no_clock_is_started_unless_somebody_says_until_when() {
    let catalogue = catalogue();
    for (id, stage, from, why) in WITHOUT_TERM {
        let rule = catalogue.rule(id).unwrap_or_else(|| panic!("{id} is missing"));
        assert_eq!((rule.stage.as_str(), rule.term), (*stage, None), "{id}");
        assert_eq!(rule.from.map(|day| day.to_string()).unwrap_or_default(), *from, "{id}");
        let because = rule.disabled_because.as_deref().unwrap_or_default();
        assert_eq!(rule.enabled(), *why == UNTIL_TOLD, "{id}");
        assert!(because.contains(why), "{id} says: {because}");
    }
}

#[test]
fn every_row_binds_whom_the_law_binds() {
    let catalogue = catalogue();
    for rule in catalogue.rules().filter(|rule| rule.kind == Kind::Statutory) {
        let (_, sectors) = SECTORS.iter().find(|(begins, _)| rule.id.starts_with(begins)).unwrap();
        assert_eq!(rule.sectors, *sectors, "{}", rule.id);
        for sector in *sectors {
            let large_alone = rule.id.starts_with("es.l10-2025.") && *sector == "general";
            assert_eq!(rule.binds_only_large_in(sector), large_alone, "{} in {sector}", rule.id);
        }
        // Art. 2.5: of these nothing binds finance.
        let kept_from_finance =
            ["13-8", "18-2", "21.", "22."].iter().any(|article| rule.id.starts_with(&format!("es.l10-2025.{article}")));
        assert!(
            !kept_from_finance || FINANCE_AND_PAYMENTS.iter().all(|sector| !rule.sectors.iter().any(|s| s == sector)),
            "{}",
            rule.id
        );
    }
}

#[test]
fn no_row_of_law_is_left_out_of_these_tables() {
    let listed: Vec<&str> = ROWS.iter().map(|row| row.id).chain(WITHOUT_TERM.iter().map(|(id, ..)| *id)).collect();
    let once: BTreeSet<&str> = listed.iter().copied().collect();
    assert_eq!((listed.len(), once.len()), (78, 78));
    let catalogue = catalogue();
    let shipped: BTreeSet<&str> =
        catalogue.rules().filter(|r| r.kind == Kind::Statutory).map(|r| r.id.as_str()).collect();
    assert_eq!(shipped, once);
}

#[test]
fn what_ended_or_is_no_law_yet_says_so() {
    let catalogue = catalogue();
    for rule in catalogue.rules() {
        let (state, until) = match rule.id.as_str() {
            "es.fin.eco734-15.decide" => (Standing::Superseded, Some("2025-12-27".parse().unwrap())),
            "pe.dcf.wait.old" => (Standing::Superseded, None),
            "eu.adr.revised.reply" => (Standing::NotActive, None),
            _ => (Standing::Active, None),
        };
        assert_eq!((rule.state, rule.until), (state, until), "{}", rule.id);
    }
}

#[test]
fn terms_that_are_a_minimum_are_no_deadline() {
    let catalogue = catalogue();
    let minima: Vec<&str> = catalogue.rules().filter(|r| r.at_least).map(|r| r.id.as_str()).collect();
    assert_eq!(minima, ["es.adr.14.reflect", "es.l10-2025.13-3.cure", "house.office.reflection", "uk.disp.1-9.keep"]);
    // The one that is counted is time to think: when it is over it was given, and nothing was missed.
    let counted: Vec<&str> = catalogue.rules().filter(|r| r.at_least && r.enabled()).map(|r| r.id.as_str()).collect();
    assert_eq!(counted, ["house.office.reflection"]);
}

#[test]
fn an_extension_leads_to_the_bound_counted_from_the_same_start() {
    let catalogue = catalogue();
    let extended: BTreeSet<&str> = LONGER.iter().map(|(id, ..)| *id).collect();
    for rule in catalogue.rules() {
        use ventanilla_sla_monitor_domain::rule::Does;
        let extends = rule.effects.iter().any(|effect| matches!(effect.does, Does::Extend { .. }));
        assert_eq!(extends, extended.contains(rule.id.as_str()), "{}", rule.id);
    }
    for (id, ground, calendar, start, due) in LONGER {
        let terms = Terms { rule: catalogue.rule(id).unwrap(), calendar: catalogue.calendar(calendar).unwrap() };
        let start = instant(start);
        let entries = [
            Entry { at: start, what: Happening::Started },
            Entry {
                at: start + jiff::SignedDuration::from_hours(5 * 24),
                what: Happening::Hindered((*ground).to_owned()),
            },
        ];
        assert_eq!(replay(&entries, terms).unwrap().state, State::Running { due: instant(due) }, "{id}");
    }
}

#[test]
fn while_the_office_must_abstain_its_term_stands_still_whatever_the_reading_of_a_cure() {
    use ventanilla_sla_monitor_domain::rule::Does;
    for reading in ["pause", "restart"] {
        let switches = Switches::from([("es.fin.29quater-2.effect".to_owned(), reading.to_owned())]);
        let catalogue = Catalogue::embedded(&switches).unwrap();
        let rule = catalogue.rule("es.fin.29septies-1.decide").unwrap();
        let cure = if reading == "pause" { Does::Pause } else { Does::Restart };
        assert_eq!((rule.does_on("cure"), rule.does_on("parallel_proceedings")), (Some(cure), Some(Does::Pause)));
    }
    for office in ["house.office.decide", "es.adr.20.result"] {
        assert_eq!(catalogue().rule(office).unwrap().does_on("parallel_proceedings"), Some(Does::Pause), "{office}");
    }
}
