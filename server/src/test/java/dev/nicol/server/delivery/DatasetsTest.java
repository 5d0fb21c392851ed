package dev.nicol.server.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nicol.adapters.SourceDefinition;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DatasetsTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    postgresql | jdbc:postgresql://db:6000/crm | postgres://db:6000 | crm.public.t
                    postgresql | jdbc:postgresql://DB/crm?password=secret | postgres://db:5432 | crm.public.t
                    postgresql | jdbc:postgresql://one:1,two:2/crm | postgres://one:1 | crm.public.t
                    postgresql | jdbc:postgresql://one,two:2/crm | postgres://one:5432 | crm.public.t
                    postgresql | jdbc:postgresql://[::1]:7/crm | postgres://[::1]:7 | crm.public.t
                    postgresql | jdbc:postgresql://db/ | postgres://db:5432 | sa.public.t
                    postgresql | jdbc:postgresql:crm | postgres://localhost:5432 | crm.public.t
                    postgresql | jdbc:postgresql:///crm | postgres://localhost:5432 | crm.public.t
                    mysql | jdbc:mariadb://db:3307/shop?user=u | mysql://db:3307 | public.t
                    mysql | jdbc:mysql://u:secret@db/shop | mysql://db:3306 | public.t
                    mysql | jdbc:mariadb:sequential://a:1,b:2/shop | mysql://a:1 | public.t
                    mysql | jdbc:mariadb://address=(host=a)(port=secret)/shop | own | s.public.t
                    h2 | jdbc:h2:file:./x | own | s.public.t
                    """)
    void tablesHaveTheirServersNames(String kind, String url, String namespace, String name) {
        SourceDefinition source = new SourceDefinition("s", kind, url, "sa", null, "production", Map.of(), 1);
        assertThat(new Datasets("own", List.of(source)).of("s", "public", "t"))
                .isEqualTo(new Datasets.Dataset(namespace, name));
        assertThat(new Datasets("own", List.of(source)).of("virtual", "a", "b"))
                .isEqualTo(new Datasets.Dataset("own", "virtual.a.b"));
    }
}
