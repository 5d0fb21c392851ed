package dev.nicol.policy.classify;

import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** The one explicit list of detectors. */
public final class Detectors {
    static final List<Detector> ALL = List.of(
            new PersonName(),
            new Email(),
            new Phone(),
            new Address(),
            new Postcode(),
            new DateOfBirth(),
            new Gender(),
            new CreditCard(),
            new Iban(),
            new AbaRouting(),
            new UsSsn(),
            new UsItin(),
            new UkNhs(),
            new UkNino(),
            new Passport(),
            new DrivingLicence(),
            new EsNif(),
            new ItCodiceFiscale(),
            new BrCpf(),
            new BrCnpj(),
            new PlPesel(),
            new InAadhaar(),
            new Ip(),
            new Mac(),
            new Latitude(),
            new Longitude(),
            new Salary(),
            new Balance(),
            new Password(),
            new ApiKey(),
            new Jwt(),
            new PrivateKey(),
            new FreeText());

    private Detectors() {}

    /** Every tag that there can be. */
    public static Set<String> entities() {
        return ALL.stream().map(Detector::entity).collect(Collectors.toUnmodifiableSet());
    }
}
